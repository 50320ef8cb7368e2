// Two marks on the shop's own origin, and only after the chat was opened: that there is a chat
// (so that later pages listen for replies) and that it stood open in this tab.

const NAME = "aftersale-chat";

const TOKEN = "aftersale-chat.token";

/** For a chat that may store nothing in its frame: the visitor's token, in the shop's storage. */
export function keep(token: string | null): void {
  try {
    if (token) localStorage.setItem(TOKEN, token);
    else localStorage.removeItem(TOKEN);
  } catch {
    // Storage is forbidden here as well.
  }
}

export function recall(): { started: boolean; open: boolean; token?: string } {
  try {
    return { started: localStorage.getItem(NAME) === "1", open: sessionStorage.getItem(NAME) === "1",
      token: localStorage.getItem(TOKEN) ?? undefined };
  } catch {
    return { started: false, open: false };
  }
}

export function remember(open: boolean): void {
  try {
    localStorage.setItem(NAME, "1");
    if (open) sessionStorage.setItem(NAME, "1");
    else sessionStorage.removeItem(NAME);
  } catch {
    // Storage is forbidden: the next page begins with a closed chat.
  }
}
