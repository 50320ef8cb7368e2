// One constructed stylesheet for the shadow root: a strict CSP of the shop's page lets it pass
// without `style-src`, and nothing of it reaches the page.

const CSS = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important;
 inset:auto 0 0 auto!important;width:0!important;height:0!important;
 --accent:#0a5a61;--on:#fff;font:600 16px/1.3 ui-sans-serif,system-ui,-apple-system,"Segoe UI",
 Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif}
*{box-sizing:border-box}
[hidden]{display:none!important}
button{position:fixed;bottom:max(24px,env(safe-area-inset-bottom));right:max(24px,env(safe-area-inset-right));
 display:flex;align-items:center;gap:10px;min-height:56px;max-width:calc(100vw - 32px);margin:0;
 padding:0 22px 0 18px;border:1px solid transparent;border-radius:99px;background:var(--accent);
 color:var(--on);font:inherit;cursor:pointer;-webkit-tap-highlight-color:transparent;
 box-shadow:0 2px 4px rgb(0 0 0/16%),0 10px 30px rgb(0 0 0/22%)}
button:hover{filter:brightness(.92)}
button:focus-visible{outline:3px solid var(--accent);outline-offset:3px;box-shadow:0 0 0 3px #fff}
button[dir=rtl]{padding:0 18px 0 22px}
svg{flex:none;width:26px;height:26px;fill:none;stroke:currentcolor;stroke-width:1.9;
 stroke-linecap:round;stroke-linejoin:round}
.count{min-width:24px;padding:0 7px;border-radius:99px;background:#ffb454;color:#2a1a00;
 font-size:14px;line-height:24px;text-align:center}
.alarm{background:#b3160f;color:#fff}
dialog{position:fixed;inset:auto 24px 24px auto;width:400px;max-width:none;
 height:min(660px,calc(100vh - 48px));max-height:none;margin:0;padding:0;border:0;
 border-radius:18px;background:#fff;overflow:hidden;
 box-shadow:0 0 0 1px rgb(20 25 27/10%),0 4px 10px rgb(0 0 0/8%),0 20px 60px rgb(0 0 0/24%);
 animation:rise .22s cubic-bezier(.2,.8,.2,1)}
@supports(height:1dvh){dialog{height:min(660px,calc(100dvh - 48px))}}
dialog:not([open]){display:none}
dialog::backdrop{background:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:light dark}
.left button{right:auto;left:max(24px,env(safe-area-inset-left))}
.left dialog{inset:auto auto 24px 24px}
@keyframes rise{from{opacity:0;transform:translateY(14px)}}
@media (max-width:600px),(max-height:520px){
 button{right:16px;bottom:max(16px,env(safe-area-inset-bottom))}
 .left button{left:16px}
 dialog,.left dialog{inset:var(--top,0) 0 auto;width:100%;height:var(--height,100%);
  border-radius:0;box-shadow:none;animation:none}
}
@media (max-width:380px){.words{display:none}button,button[dir=rtl]{padding:0 14px}}
@media (prefers-color-scheme:dark){dialog{background:#181e20;
 box-shadow:0 0 0 1px #39444a,0 20px 60px rgb(0 0 0/50%)}}
@media (prefers-reduced-motion:reduce){dialog{animation:none}}
@media (forced-colors:active){button,dialog{border:1px solid}}
@media print{:host{display:none!important}}
`;

export function dress(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers from before 2023; such a page needs style-src for it, or has no strict CSP.
    const style = document.createElement("style");
    style.textContent = CSS;
    root.append(style);
  }
}
