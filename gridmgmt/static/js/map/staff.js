/** Staff on the map: one pin an area, and the card of an area with who is in post. */

import { el, formatNumber } from "../dom.js";

/**
 * @param {object} properties of an area (maps/services/areas.py)
 * @param {DOMStringMap} texts
 * @returns {HTMLElement}
 */
export function areaCard(properties, texts) {
  const card = el("div", { class: "area-card" }, el("p", { class: "code muted" }, `${properties.tier_label} · ${properties.code}`));
  const facts = [];
  if (properties.households !== null) facts.push(`${formatNumber(properties.households)} ${texts.textHouseholds}`);
  facts.push(`${formatNumber(properties.open)} ${texts.textOpenCases}`);
  if (properties.red) facts.push(`${formatNumber(properties.red)} ${texts.textRedCases}`);
  card.append(el("p", { class: "num" }, facts.join(" · ")));
  if (properties.people.length) {
    card.append(
      el(
        "ul",
        {},
        ...properties.people.map((person) =>
          el("li", {}, `${person.role} · ${person.name}${person.lead ? "" : ` (${texts.textDuty})`}`, person.phone ? el("span", { class: "num muted" }, ` ${person.phone}`) : ""),
        ),
      ),
    );
  } else card.append(el("p", { class: "muted" }, texts.textNobody));
  for (const sentence of properties.vacant) card.append(el("p", { class: "notice notice--warning" }, sentence));
  if (properties.source) card.append(el("p", { class: "muted" }, texts.textDerived));
  return card;
}

/** Pins with the number of people in post; dashed where a post is vacant. */
export function postLayer(features, texts, onClick) {
  const group = window.L.layerGroup();
  for (const feature of features) {
    const { properties } = feature;
    if (properties.divided || (!properties.people.length && !properties.vacancies)) continue;
    const icon = window.L.divIcon({
      className: `post-pin${properties.vacancies ? " post-pin--vacant" : ""}`,
      html: `<span>${formatNumber(properties.people.length)}</span>`,
      iconSize: [28, 28],
    });
    const centre = window.L.geoJSON(feature).getLayers()[0].getBounds().getCenter();
    window.L.marker(centre, { icon, title: properties.label, alt: `${texts.textPost}: ${properties.label}` })
      .on("click", () => onClick(properties))
      .addTo(group);
  }
  return group;
}
