// Strokes on a grid of 24. They say nothing to a screen reader; the words beside them do.

const ICONS = {
  alert: "M12 4.2L21 19.5H3zM12 10v4.5M12 17v.1",
  chat: "M4 5.5h16v11H11l-4.5 4v-4H4zM8 9.5h8M8 12.5h5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clip: "M19.5 11.5l-7.8 7.8a5 5 0 0 1-7-7l8.3-8.3a3.4 3.4 0 0 1 4.8 4.8l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  cross: "M7 7l10 10M17 7L7 17",
  down: "M12 5v13.5M6 12.5l6 6 6-6",
  file: "M6 3.5h8l4 4v13H6zM13.5 4v4H18M9 12.5h6M9 16h6",
  fresh: "M4 5.5h16v11H11l-4.5 4v-4H4zM12 8.5v5M9.5 11h5",
  menu: "M5 12h.1M12 12h.1M19 12h.1",
  person: "M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5.5 19.5a6.5 6.5 0 0 1 13 0",
  phone: "M6 4h3.5l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5V18a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2z",
  print: "M7 9V4h10v5M7 17H4V9.5h16V17h-3M7 14h10v6H7z",
  question: "M9 9.2a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2M12 17.4v.1",
  save: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14",
  send: "M12 19V5.5M6 11.5l6-6 6 6",
  star: "M12 3.8l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z",
  ticket: "M4 7h16v3.5a1.8 1.8 0 0 0 0 3.5V17H4v-3a1.8 1.8 0 0 0 0-3.5zM14.5 7.5v9",
  video: "M4 6.5h11v11H4zM15 10.5l5-3v9l-5-3",
  world: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM3.5 12h17M12 3.5c5 5.5 5 11.5 0 17M12 3.5c-5 5.5-5 11.5 0 17",
};

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { name: IconName }) {
  return <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[name]} /></svg>;
}
