// The order that the customer proved to be theirs, with each item's guarantee.

import type { Item, Order } from "../protocol";
import { named, T } from "../texts";
import { date } from "../time";

export function OrderCard({ order }: { order: Order }) {
  return (
    <div class="card-box">
      <p class="card-top"><strong class="mono">{order.order_number}</strong>
        <span class={`chip order-${order.status}`}>{named(order.status)}</span></p>
      <p class="soft">{[order.invoice_number, order.invoice_date && date(order.invoice_date)]
        .filter(Boolean).join(" · ")}</p>
      <ul class="items">{order.items.map((item) => <Line key={item.line_id} item={item} />)}</ul>
      <p class="soft address" dir="auto">{[order.customer_name, order.email, order.phone,
        [order.postal_code, order.country].filter(Boolean).join(" ")].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function Line({ item }: { item: Item }) {
  return (
    <li>
      <p><span dir="auto">{item.quantity > 1 && `${item.quantity} × `}{item.product_name}</span>
        <span class="soft">{item.unit_price} {item.currency}</span></p>
      <p class="soft mono">{[item.sku, item.serial_number].filter(Boolean).join(" · ")}</p>
      <p>{item.is_gift && <span class="chip chip-warn">{T.gift}</span>}
        <span class={`chip ${item.in_guarantee ? "chip-good" : item.guarantee_ends ? "chip-bad" : ""}`}>
          {item.guarantee_ends ? (item.in_guarantee ? T.guaranteeUntil : T.guaranteeEnded)(
            date(item.guarantee_ends)) : T.noGuarantee}</span></p>
    </li>
  );
}
