/** Staff on the map: one pin an area, and the card of an area with who is in post. */

import { el, formatNumber } from "../dom.js";

function facts(properties, texts) {
  const list = [];
  if (properties.households !== null) list.push(`${formatNumber(properties.households)} ${texts.textHouseholds}`);
  if (texts.cases) {
    list.push(`${formatNumber(properties.open)} ${texts.textOpenCases}`);
    if (properties.red) list.push(`${formatNumber(properties.red)} ${texts.textRedCases}`);
  }
  return list.join(" · ");
}

function personLine(person, texts) {
  const deputy = person.lead ? "" : ` (${texts.textDeputy})`;
  const phone = person.phone ? el("a", { class: "num", href: `tel:${person.phone}` }, person.phone) : null;
  return el("li", {}, el("span", {}, el("b", {}, person.name), ` ${person.role}${deputy}`), phone);
}

/**
 * @param {object} properties of an area (maps/services/areas.py)
 * @param {DOMStringMap} texts
 * @returns {HTMLElement}
 */
export function areaCard(properties, texts) {
  const card = el("div", { class: "area-card" }, el("p", { class: "muted" }, `${properties.tier_label} `, el("span", { class: "code" }, properties.code)));
  card.append(el("p", { class: "num" }, facts(properties, texts)));
  for (const [who, label] of [[properties.first, texts.textFirst], [properties.direct, texts.textDirect]]) {
    if (who) card.append(el("p", {}, el("span", { class: "muted" }, `${label} `), el("b", {}, who.name), ` ${who.role}`));
  }
  if (properties.people.length) card.append(el("ul", {}, ...properties.people.map((person) => personLine(person, texts))));
  else card.append(el("p", { class: "muted" }, texts.textNobody));
  for (const sentence of properties.vacant) card.append(el("p", { class: "notice notice--warning" }, el("span", {}, sentence)));
  if (properties.derived) card.append(el("p", { class: "muted" }, texts.textDerived));
  return card;
}

/** Pins with the number of people in post; dashed where a post is vacant. Areas above the leaves have none. */
export function postLayer(features, texts, onClick) {
  const group = window.L.layerGroup();
  for (const feature of features) {
    const { properties } = feature;
    if (properties.divided || (!properties.people.length && !properties.vacancies)) continue;
    const icon = window.L.divIcon({
      className: `post-pin${properties.vacancies ? " post-pin--vacant" : ""}`,
      html: `<span>${formatNumber(properties.people.length)}</span>`,
      iconSize: [24, 24],
    });
    const what = properties.vacancies ? texts.textPostVacant : texts.textPost;
    const name = `${properties.label} · ${what}: ${formatNumber(properties.people.length)}`;
    const centre = window.L.geoJSON(feature).getLayers()[0].getBounds().getCenter();
    window.L.marker(centre, { icon, title: name, alt: name })
      .on("click", () => onClick(properties))
      .addTo(group);
  }
  return group;
}
