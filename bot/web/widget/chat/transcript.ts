// The conversation as a text file, for those who want to keep it.

import { fullDate, momentInWords } from "../../shared/format";
import { author } from "./message";
import type { Message } from "../../shared/protocol";
import { t } from "../../shared/texts";

export function saveTranscript(messages: readonly Message[]): void {
  const lines = [t("transcript_title", { shop: t("title"), date: fullDate(new Date()) }), ""];
  for (const message of messages) {
    const files = (message.attachments ?? []).map(({ name }) => t("transcript_file", { name }));
    lines.push(t("transcript_line", {
      time: momentInWords(message.sent_at), name: author(message),
      text: [message.text, ...files].filter(Boolean).join("\n"),
    }), "");
  }
  // Some editors take a text for something else without the mark at its beginning.
  const blob = new Blob(["\ufeff", lines.join("\r\n")], { type: "text/plain;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `conversation-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
