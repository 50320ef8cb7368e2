// The title, and one calm line about who is there and whether the connection is.

import type { State } from "./chat";
import { Icon } from "../../shared/icons";
import { t } from "../../shared/texts";

export function Header({ state, menu, onMenu, onClose }:
{ state: State; menu: boolean; onMenu(): void; onClose?: () => void }) {
  return (
    <header class="header">
      <div class="heading">
        <h1 id="title">{t("title")}</h1>
        <p class={`status status-${state.connection} with-${state.owner.owner}`} role="status">
          <span class="light" aria-hidden="true" />{words(state)}
        </p>
      </div>
      <button type="button" class="header-button" id="menu-button" aria-label={t("menu")}
        title={t("menu")} aria-expanded={menu} aria-controls={menu ? "menu" : undefined}
        onClick={onMenu}><Icon name="menu" /></button>
      {onClose && <button type="button" class="header-button" aria-label={t("close")}
        title={t("close")} onClick={onClose}><Icon name="close" /></button>}
    </header>
  );
}

function words({ connection, owner }: State): string {
  if (connection === "offline") return t("status_offline");
  if (connection === "lost") return t("status_reconnecting");
  if (connection === "connecting") return t("status_connecting");
  if (owner.owner === "agent") {
    return owner.agent ? t("status_agent_named", { name: owner.agent }) : t("status_agent");
  }
  return owner.owner === "queued" ? t("status_queued") : t("status_bot");
}
