// One quiet voice for what a screen reader should hear apart from the messages themselves.

let say: (text: string) => void = () => {};

export function listen(to: (text: string) => void): void { say = to; }

export function announce(text: string): void { say(text); }
