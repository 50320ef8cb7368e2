// The frame around everything: navigation, the panes of the open page, and what lies above them.

import { Announcer } from "./announce";
import { Audit } from "./admin/audit";
import { CannedReplies } from "./admin/canned";
import { Staff } from "./admin/staff";
import { Webhooks } from "./admin/webhooks";
import { waitingEmergencies } from "./alerts";
import { line } from "./connection";
import { ConversationPane } from "./conversation/pane";
import { FormDialog } from "./dialogs";
import { Help } from "./help";
import { Icon } from "./icons";
import { InboxList } from "./inbox/list";
import { Lightbox } from "./lightbox";
import { Navigation } from "./navigation";
import { Profile } from "./profile";
import { Reports } from "./reports/page";
import { address, isView, route } from "./route";
import { SearchPalette } from "./search";
import { may, phase } from "./session";
import { SignIn } from "./sign_in";
import { T } from "./texts";
import { TicketsPage } from "./tickets";
import { Toasts } from "./toasts";

export function App() {
  return (
    <>
      {phase.value === "loading" ? <p class="starting" role="status">{T.loading}</p>
        : phase.value === "out" ? <SignIn /> : <Desk />}
      <Announcer />
      <Toasts />
    </>
  );
}

function Desk() {
  const { page, id } = route.value;
  return (
    <div class={`desk${id ? " has-open" : ""} on-${isView(page) ? "inbox" : "page"}`}>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>{T.skip}</a>
      <Emergencies />
      <Line />
      <div class="panes">
        <Navigation />
        {isView(page) ? <><InboxList /><ConversationPane /></> : <OtherPage />}
      </div>
      <FormDialog />
      <SearchPalette />
      <Help />
      <Lightbox />
    </div>
  );
}

function OtherPage() {
  const { page } = route.value;
  return (
    <main id="main" class="page" tabIndex={-1}>
      {page === "profile" ? <Profile />
        : page === "tickets" ? <TicketsPage />
          : page === "reports" && may("lead") ? <Reports />
            : page === "canned" && may("lead") ? <CannedReplies />
              : page === "staff" && may("admin") ? <Staff />
                : page === "audit" && may("admin") ? <Audit />
                  : page === "webhooks" && may("admin") ? <Webhooks />
                    : <p class="soft">{T.gone}</p>}
    </main>
  );
}

/** Above everything, as long as somebody in danger waits. */
function Emergencies() {
  const waiting = waitingEmergencies.value;
  const first = [...waiting].find(([id]) => id !== route.value.id);
  if (!first) return null;
  return (
    <div class="emergency-bar" role="alert">
      <Icon name="alert" />
      <strong>{T.alertBar(waiting.size)}</strong>
      <span class="emergency-who" dir="auto">{first[1]}</span>
      <a class="emergency-open" href={address("emergencies", first[0])}>{T.alertOpen}</a>
    </div>
  );
}

function Line() {
  if (line.value === "up") return <div role="status" class="hidden-words" />;
  return <div class="line-bar" role="status">
    {line.value === "offline" ? T.offline : T.reconnecting}</div>;
}
