// The button's words: what it says, and with messages waiting. Here and not fetched, because
// nothing is requested before the chat is opened.

type Labels = [chat: string, unread: string];

const LABELS: Record<string, Labels> = {
  ar: ["تحدّث معنا", "تحدّث معنا، رسائل جديدة: {n}"],
  de: ["Chat mit uns", "Chat mit uns, neue Nachrichten: {n}"],
  en: ["Chat with us", "Chat with us, new messages: {n}"],
  es: ["Chatea con nosotros", "Chatea con nosotros, mensajes nuevos: {n}"],
  fr: ["Discuter avec nous", "Discuter avec nous, nouveaux messages : {n}"],
  it: ["Chatta con noi", "Chatta con noi, nuovi messaggi: {n}"],
  ja: ["チャットで相談", "チャットで相談、新着メッセージ {n} 件"],
  ko: ["채팅 상담", "채팅 상담, 새 메시지 {n}개"],
  nl: ["Chat met ons", "Chat met ons, nieuwe berichten: {n}"],
  pl: ["Napisz na czacie", "Napisz na czacie, nowe wiadomości: {n}"],
  pt: ["Fale connosco", "Fale connosco, mensagens novas: {n}"],
  ru: ["Написать в чат", "Написать в чат, новых сообщений: {n}"],
  th: ["แชทกับเรา", "แชทกับเรา ข้อความใหม่ {n} ข้อความ"],
  tr: ["Bize yazın", "Bize yazın, yeni mesaj: {n}"],
  zh: ["在线咨询", "在线咨询，{n} 条新消息"],
};

/** The first of the wanted languages that there are words in. */
export function pickLanguage(wanted: readonly (string | null | undefined)[]): string {
  for (const one of wanted) {
    const code = (one ?? "").slice(0, 2).toLowerCase();
    if (code in LABELS) return code;
  }
  return "en";
}

export function labels(language: string): Labels {
  return LABELS[language] ?? LABELS.en!;
}
