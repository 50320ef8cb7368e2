// The open conversation: who has it, what was said, the field for writing, and the details beside.

import { panel } from "../memory";
import { ConversationPanel } from "../panel/panel";
import { route } from "../route";
import { T } from "../texts";
import { Icon } from "../icons";
import { Composer } from "./composer";
import { Header } from "./header";
import { Log } from "./log";
import { open, refresh, trouble } from "./store";

export function ConversationPane() {
  const { id } = route.value;
  const found = open.value?.row.id === id ? open.value : null;
  if (!id) {
    return (
      <main id="main" class="conversation is-empty" tabIndex={-1}>
        <div class="empty"><Icon name="chat" /><h2>{T.nothingOpen}</h2><p>{T.nothingOpenHint}</p></div>
      </main>
    );
  }
  if (!found) {
    return (
      <main id="main" class="conversation is-empty" tabIndex={-1}>
        {trouble.value === "gone" ? <div class="empty"><p>{T.gone}</p></div>
          : trouble.value === "offline" ? <div class="empty"><p>{T.reconnecting}</p>
            <button type="button" class="solid" onClick={() => void refresh()}>{T.retry}</button></div>
            : <p class="soft" role="status">{T.loading}</p>}
      </main>
    );
  }
  return (
    <>
      <main id="main" class="conversation" tabIndex={-1} key={id}>
        <Header row={found.row} />
        <Log conversation={found} />
        <Composer conversation={found} />
      </main>
      {panel.isOpen && <ConversationPanel conversation={found} />}
    </>
  );
}
