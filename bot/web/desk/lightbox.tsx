// A file of a customer: a small picture or a line; opened, as large as the window.

import { signal } from "@preact/signals";
import { bytes } from "../shared/format";
import { plainName } from "../shared/links";
import { fileAddress } from "./api";
import { Modal } from "./dialogs";
import { Icon } from "./icons";
import type { Attachment } from "./protocol";
import { T } from "./texts";

const shown = signal<{ files: Attachment[]; at: number } | null>(null);
const isPicture = (file: Attachment): boolean => file.type.startsWith("image/");

export function Files({ files }: { files: Attachment[] }) {
  if (!files.length) return null;
  const pictures = files.filter(isPicture);
  return (
    <ul class="files">
      {files.map((file) => <li key={file.id}>
        {isPicture(file) ? (
          <button type="button" class="thumb" onClick={() => {
            shown.value = { files: pictures, at: pictures.indexOf(file) };
          }}><img src={fileAddress(file.id, true)} alt={plainName(file.name)} loading="lazy"
              width={file.width ?? 160} height={file.height ?? 120} /></button>
        ) : (
          <a class="file" href={fileAddress(file.id)} download={plainName(file.name)}>
            <Icon name={file.type.startsWith("video/") ? "video" : "file"} />
            <span class="file-name"><bdi>{plainName(file.name)}</bdi></span>
            <span class="soft">{bytes(file.bytes)}</span></a>
        )}
      </li>)}
    </ul>
  );
}

export function Lightbox() {
  const state = shown.value;
  const file = state?.files[state.at];
  if (!state || !file) return null;
  const step = (by: number): void => {
    shown.value = { ...state, at: (state.at + by + state.files.length) % state.files.length };
  };
  const name = plainName(file.name);
  return (
    <Modal title={name} wide onClose={() => { shown.value = null; }}>
      <div class="lightbox" onKeyDown={(event) => {
        if (event.key === "ArrowRight") step(1);
        if (event.key === "ArrowLeft") step(-1);
      }}>
        <img src={fileAddress(file.id)} alt={name} />
        <div class="form-ends">
          {state.files.length > 1 && <>
            <button type="button" class="plain" onClick={() => step(-1)}>Previous</button>
            <span class="soft">{state.at + 1} of {state.files.length}</span>
            <button type="button" class="plain" onClick={() => step(1)}>Next</button></>}
          <a class="plain" href={fileAddress(file.id)} target="_blank" rel="noopener">Original</a>
          <button type="button" class="solid" onClick={() => { shown.value = null; }}>{T.close}</button>
        </div>
      </div>
    </Modal>
  );
}
