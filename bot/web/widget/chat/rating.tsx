// How it was, in one to five stars: radio buttons, so that every keyboard and screen reader can.

import { useState } from "preact/hooks";
import { announce } from "../../shared/announce";
import { Icon } from "../../shared/icons";
import { t } from "../../shared/texts";

const STARS = [1, 2, 3, 4, 5];

export function Rating({ done, send, later }:
{ done: boolean; send(stars: number, comment: string): Promise<boolean>; later(): void }) {
  const [stars, choose] = useState(0);
  const [comment, write] = useState("");
  const [failed, fail] = useState(false);
  if (done) return <p class="rating rating-thanks"><Icon name="check" />{t("rating_thanks")}</p>;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!stars) return;
    const ok = await send(stars, comment.trim());
    fail(!ok);
    announce(ok ? t("rating_thanks") : t("rating_failed"));
  }

  return (
    <form class="rating" onSubmit={submit} aria-label={t("rating_title")}>
      <p class="card-heading">{t("rating_title")}</p>
      <fieldset class="stars">
        <legend class="hidden-words">{t("rating_legend")}</legend>
        {STARS.map((one) => (
          <label class={one <= stars ? "star lit" : "star"} title={t(`stars_${one}`)}>
            <input type="radio" name="stars" value={one} checked={stars === one}
              onChange={() => choose(one)} />
            <Icon name="star" /><span class="hidden-words">{t(`stars_${one}`)}</span>
          </label>
        ))}
      </fieldset>
      {stars > 0 && <>
        <p class="fine">{t(`stars_${stars}`)}</p>
        <label class="rating-comment">{t("rating_comment")}
          <textarea rows={2} maxLength={1000} dir="auto" value={comment}
            onInput={(event) => write(event.currentTarget.value)} />
        </label>
      </>}
      {failed && <p class="trouble">{t("rating_failed")}</p>}
      <p class="row">
        {stars > 0 && <button type="submit" class="solid">{t("rating_send")}</button>}
        <button type="button" class="plain" onClick={later}>{t("rating_later")}</button>
      </p>
    </form>
  );
}
