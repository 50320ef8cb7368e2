// The desk's own signs, beside those it shares with the chat.

import { Icon as Common, type IconName as CommonName } from "../shared/icons";

const ICONS = {
  all: "M4 6.5h16M4 12h16M4 17.5h16",
  at: "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM15.5 12v1.2a2.4 2.4 0 0 0 4.8 0V12a8.3 8.3 0 1 0-3.3 6.6",
  bell: "M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4",
  bellOff: "M6.5 16.5V11a5.5 5.5 0 0 1 8.6-4.5M17.5 11v5.5l1.5 1.5H7M10 20.5h4M4 4l16 16",
  back: "M14.5 5.5L8 12l6.5 6.5",
  bolt: "M13 3.5L5.5 13.5H12l-1 7 7.5-10H12z",
  box: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  chart: "M4.5 19.5h15M7.5 16v-5M12 16V6.5M16.5 16v-7",
  dots: "M5 12h.1M12 12h.1M19 12h.1",
  hand: "M4 12.5l4.5-4.5M4 12.5L8.5 17M4 12.5h10a5.5 5.5 0 0 1 5.5 5.5",
  inbox: "M4 13.5h4.5l1.2 2.5h4.6l1.2-2.5H20M4 13.5V18a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 18v-4.5L17.2 6a1.5 1.5 0 0 0-1.4-1H8.2a1.5 1.5 0 0 0-1.4 1z",
  keyboard: "M3.5 6.5h17v11h-17zM7 10h.1M10.3 10h.1M13.6 10h.1M17 10h.1M7.5 14h9",
  log: "M6 3.5h12v17H6zM9 8h6M9 12h6M9 16h4",
  merge: "M7 4v4.5a6 6 0 0 0 6 6h6M16 11l3.5 3.5L16 18M7 20v-5",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  note: "M5 4.5h14v9.5l-5.5 5.5H5zM19 14h-5.5v5.5",
  out: "M14 5H5.5v14H14M10.5 12H20M16.5 8.5L20 12l-3.5 3.5",
  panel: "M4 5h16v14H4zM14.5 5v14",
  plus: "M12 5.5v13M5.5 12h13",
  search: "M10.8 17a6.2 6.2 0 1 0 0-12.4 6.2 6.2 0 0 0 0 12.4zM15.3 15.3L20 20",
  slash: "M15.5 5l-7 14",
  tag: "M4.5 4.5h7l8 8-7 7-8-8zM8.5 8.5h.1",
  team: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3 19a6 6 0 0 1 12 0M16 5.5a3 3 0 0 1 0 5.8M17.5 13.8A5.6 5.6 0 0 1 21 19",
  transfer: "M4.5 8.5h14M15 5l3.5 3.5L15 12M19.5 15.5h-14M9 12l-3.5 3.5L9 19",
  hook: "M9.5 14.5l5-5M8 12l-2.2 2.2a3 3 0 0 0 4.2 4.2L12.2 16M16 12l2.2-2.2A3 3 0 0 0 14 5.6L11.8 8",
};

export type IconName = keyof typeof ICONS | CommonName;

export function Icon({ name }: { name: IconName }) {
  const own = ICONS[name as keyof typeof ICONS];
  if (!own) return <Common name={name as CommonName} />;
  return <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true"><path d={own} /></svg>;
}
