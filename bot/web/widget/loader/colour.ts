// The shop's colour, and black or white on it, whichever can be read.

const HEX = /^#[0-9a-f]{6}$/i;

export function colours(given: string | undefined): { accent: string; on: string } | null {
  if (!given || !HEX.test(given)) return null;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(given.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return { accent: given, on: 1.05 / (light + 0.05) >= 4.5 ? "#ffffff" : "#14191b" };
}
