// A file in a message: a small picture, or a line to download it.

import { useEffect, useState } from "preact/hooks";
import { cookieless, fetchFile, fileAddress } from "./api";
import { bytes } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { plainName } from "../../shared/links";
import type { Attachment } from "../../shared/protocol";
import { t } from "../../shared/texts";

const WIDEST = 240;

/** The address of a file; where the cookie is blocked, fetched with the token. */
function useAddress(id: string, preview: boolean): string | null | undefined {
  const direct = cookieless() ? undefined : fileAddress(id, preview);
  const [address, set] = useState<string | null | undefined>(direct);
  useEffect(() => {
    if (direct) return undefined;
    let mine: string | null = null;
    let gone = false;
    fetchFile(id, preview).then((found) => {
      mine = found;
      if (gone) URL.revokeObjectURL(found);
      else set(found);
    }, () => set(null));
    return () => { gone = true; if (mine) URL.revokeObjectURL(mine); };
  }, [id]);
  return address;
}

export function Attached({ file }: { file: Attachment }) {
  return file.type.startsWith("image/") ? <Picture file={file} /> : <FileLine file={file} />;
}

function Picture({ file }: { file: Attachment }) {
  const address = useAddress(file.id, true);
  const [broken, fail] = useState(false);
  const name = plainName(file.name);
  if (broken || address === null) return <FileLine file={file} />;
  const width = Math.min(file.width || WIDEST, WIDEST);
  const height = file.width && file.height ? Math.round(width * file.height / file.width) : 160;
  return (
    <a class="picture" href={cookieless() ? address : fileAddress(file.id)} target="_blank"
      rel="noopener" aria-label={t("file_open", { name })}>
      <img src={address} alt={t("file_photo", { name })} width={width} height={height}
        onError={() => fail(true)} />
    </a>
  );
}

function FileLine({ file }: { file: Attachment }) {
  const address = useAddress(file.id, false);
  const name = plainName(file.name);
  if (address === null) return <p class="fine">{t("file_gone")}</p>;
  return (
    <a class="file-line" href={address} download={name}
      aria-label={t("file_download", { name, size: bytes(file.bytes) })}>
      <Icon name={file.type.startsWith("video/") ? "video" : "file"} />
      <span class="file-name"><bdi>{name}</bdi></span>
      <span class="file-size">{bytes(file.bytes)}</span>
    </a>
  );
}
