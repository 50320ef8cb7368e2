// The people at the desk.

import * as api from "../api";
import { type Field, openForm, type Values } from "../dialogs";
import { Icon } from "../icons";
import { Face } from "../navigation";
import type { Role } from "../protocol";
import { named, T } from "../texts";
import { Secret, showSecret } from "./secret";
import { useList } from "./use_list";

interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  languages: string[];
  skills: string[];
  capacity: number;
  active: boolean;
}

export function Staff() {
  const { rows, problem, reload } = useList<Member>("/staff");
  return (
    <>
      <header class="page-head"><h1>{T.staff}</h1><div class="page-do">
        <button type="button" class="solid" onClick={() => add(reload)}>
          <Icon name="plus" />{T.addPerson}</button></div></header>
      <Secret />
      {problem && <p class="problem" role="alert">{problem}</p>}
      <div class="table-frame" tabIndex={0} role="region" aria-label={T.staff}><table class="table">
        <thead><tr><th scope="col">{T.name}</th><th scope="col">{T.role}</th>
          <th scope="col">{T.languages}</th><th scope="col">{T.skills}</th>
          <th scope="col">{T.capacity}</th><th scope="col"><span class="hidden-words">{T.moreActions}</span></th></tr></thead>
        <tbody>{rows.map((one) => <tr key={one.id} class={one.active ? "" : "is-off"}>
          <th scope="row"><span class="person"><Face name={one.name} /><span><strong dir="auto">{one.name}</strong>
            <span class="soft">{one.email}</span></span></span></th>
          <td>{named(one.role)}{!one.active && <> <span class="chip">{T.inactive}</span></>}</td>
          <td>{one.languages.map((code) => code.toUpperCase()).join(" ")}</td>
          <td>{one.skills.map(named).join(", ")}</td><td>{one.capacity}</td>
          <td class="table-do"><button type="button" class="quiet" onClick={() => edit(one, reload)}
            aria-label={`${T.editPerson} ${one.name}`}>{T.editPerson}</button>
            <button type="button" class="quiet" aria-label={`${T.resetPassword}: ${one.name}`}
              onClick={() => reset(one)}>{T.resetPassword}</button></td></tr>)}</tbody>
      </table></div>
    </>
  );
}

function fields(one?: Member): Field[] {
  return [
    { name: "name", label: T.name, kind: "text", required: true, value: one?.name },
    { name: "role", label: T.role, kind: "select", required: true, value: one?.role ?? "agent",
      options: [["agent", named("agent")], ["lead", named("lead")], ["admin", named("admin")]] },
    { name: "languages", label: `${T.languages} (de, fr, …)`, kind: "text",
      value: one?.languages.join(", ") ?? "en" },
    { name: "skills", label: `${T.skills} (claim, order_status, …)`, kind: "text",
      value: one?.skills.join(", ") },
    { name: "capacity", label: T.capacity, kind: "number", value: String(one?.capacity ?? 5) },
  ];
}

const list = (text = ""): string[] => text.split(/[\s,]+/).filter(Boolean);

function body(values: Values): Record<string, unknown> {
  return { name: values.name, role: values.role, languages: list(values.languages),
    skills: list(values.skills), capacity: Number(values.capacity) };
}

function add(then: () => void): void {
  openForm({
    title: T.addPerson, submit: T.addPerson,
    fields: [{ name: "email", label: T.email, kind: "email", required: true }, ...fields()],
    act: async (values) => {
      const made = await api.post<{ password?: string; one_time_password?: string }>("/staff",
        { email: values.email, ...body(values) });
      showSecret(`${T.oneTimePassword}: ${values.email}`, made.password ?? made.one_time_password ?? "",
        T.oneTimeHint);
      then();
    },
  });
}

function edit(one: Member, then: () => void): void {
  openForm({
    title: `${T.editPerson} ${one.name}`, submit: T.save,
    fields: [...fields(one), { name: "active", label: T.deactivate, kind: "checkbox",
      value: one.active ? "1" : "" }],
    act: async (values) => {
      await api.patch(`/staff/${one.id}`, { ...body(values), active: values.active === "1" });
      then();
    },
  });
}

function reset(one: Member): void {
  openForm({
    title: `${T.resetPassword}: ${one.name}`, submit: T.resetPassword, intro: T.oneTimeHint, fields: [],
    act: async () => {
      const made = await api.post<{ password: string }>(`/staff/${one.id}/password`);
      showSecret(`${T.oneTimePassword}: ${one.email}`, made.password, T.oneTimeHint);
    },
  });
}
