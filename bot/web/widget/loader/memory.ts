// Two marks on the shop's own origin, and only after the chat was opened: that there is a chat
// (so that later pages listen for replies) and that it stood open in this tab.

const NAME = "aftersale-chat";

export function recall(): { started: boolean; open: boolean } {
  try {
    return { started: localStorage.getItem(NAME) === "1", open: sessionStorage.getItem(NAME) === "1" };
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
