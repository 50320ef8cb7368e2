// The shop's colour on our surfaces: changed as little as it takes to be readable.

type Colour = [number, number, number];

const LIGHT_SURFACE: Colour = [255, 255, 255];
const DARK_SURFACE: Colour = [24, 30, 32];
const INK: Colour = [20, 25, 27];
const READABLE = 4.6;

export function applyColour(given: string | undefined): void {
  if (!given || !/^#[0-9a-f]{6}$/i.test(given)) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (): void => paintWith(parse(given), dark.matches);
  dark.addEventListener("change", paint);
  paint();
}

function paintWith(colour: Colour, dark: boolean): void {
  const surface = dark ? DARK_SURFACE : LIGHT_SURFACE;
  let accent = colour;
  for (let step = 0; contrast(accent, surface) < READABLE && step < 40; step += 1) {
    accent = mix(accent, dark ? LIGHT_SURFACE : [0, 0, 0], 0.05);
  }
  const style = document.documentElement.style;
  style.setProperty("--accent", css(accent));
  style.setProperty("--accent-strong", css(mix(accent, dark ? LIGHT_SURFACE : [0, 0, 0], 0.18)));
  style.setProperty("--on-accent", css(contrast(accent, LIGHT_SURFACE) >= READABLE
    ? LIGHT_SURFACE : INK));
  style.setProperty("--accent-tint", css(mix(surface, accent, 0.12)));
}

function parse(hex: string): Colour {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Colour;
}

function css(colour: Colour): string { return `rgb(${colour.map(Math.round).join(" ")})`; }

function mix(one: Colour, other: Colour, share: number): Colour {
  return one.map((part, at) => part + (other[at]! - part) * share) as Colour;
}

function contrast(one: Colour, other: Colour): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Colour;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
