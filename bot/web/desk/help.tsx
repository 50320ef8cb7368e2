// What the keys do.

import { signal } from "@preact/signals";
import { Modal } from "./dialogs";
import { T } from "./texts";

export const helpOpen = signal(false);

const KEYS: [string, [string[], string][]][] = [
  ["Move", [
    [["j"], "Next conversation"], [["k"], "Previous conversation"],
    [["Enter"], "Open, and go to the reply"], [["Esc"], "Leave the field, close what is open"],
    [["g", "w"], "Waiting"], [["g", "m"], "Mine"], [["g", "e"], "Emergencies"], [["g", "a"], "All"],
    [["g", "s"], "Snoozed"], [["g", "t"], "Tickets"], [["g", "r"], "Reports"],
    [["Ctrl", "K"], "Search"], [["["], "Show or hide the details"],
  ]],
  ["Do", [
    [["N"], "Take whoever waits longest"], [["c"], "Claim"], [["r"], "Reply"], [["n"], "Note"],
    [["b"], "Hand back to the assistant"], [["q"], "Back to the queue"], [["t"], "Transfer"],
    [["z"], "Snooze"], [["l"], "Tags"], [["e"], "Close"],
    [["/"], "Canned replies, in an empty reply"], [["?"], "This sheet"],
  ]],
];

export function Help() {
  return helpOpen.value ? (
    <Modal title={T.help} wide onClose={() => { helpOpen.value = false; }}>
      <div class="keys">
        {KEYS.map(([title, lines]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {lines.map(([keys, what]) => <div key={what}>
                <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>)}
            </dl>
          </section>
        ))}
      </div>
      <div class="form-ends">
        <button type="button" class="solid" onClick={() => { helpOpen.value = false; }}>{T.done}</button>
      </div>
    </Modal>
  ) : null;
}
