/**
 * Charts by ECharts (classic script, global echarts) in the colours of the tokens. Each figure[data-chart="id"]
 * reads its spec from the json_script of that id: {type: bar|line|stack|pie, labels, series: [{name, values}], unit}.
 * The same figures stand below as a table; null shows as —.
 */

import { el, formatNumber, onThemeChange, token } from "./dom.js";

const NONE = "—";

function colours() {
  return [1, 2, 3, 4, 5, 6].map((n) => token(`--chart-${n}`));
}

function axis(extra) {
  return {
    axisLine: { lineStyle: { color: token("--line-strong") } },
    axisTick: { show: false },
    axisLabel: { color: token("--text-2"), hideOverlap: true },
    splitLine: { lineStyle: { color: token("--line") } },
    ...extra,
  };
}

/** @param {object} spec @param {number} width of the canvas in px @returns {object} ECharts option */
export function chartOption(spec, width = 640) {
  // Names beside horizontal bars get a share of the width of their own; long ones are cut with "…".
  const beside = Math.round(Math.min(190, width * 0.36));
  const show = (value) => (value === null || value === undefined ? NONE : `${formatNumber(value)}${spec.unit ? ` ${spec.unit}` : ""}`);
  const common = {
    color: colours(),
    animationDuration: 300,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: token("--text") },
    tooltip: {
      trigger: spec.type === "pie" ? "item" : "axis",
      valueFormatter: show,
      backgroundColor: token("--surface"),
      borderColor: token("--line"),
      textStyle: { color: token("--text") },
    },
    legend: spec.series.length > 1 || spec.type === "pie" ? { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 12, textStyle: { color: token("--text-2") } } : undefined,
    // Described by the title and the table below: the library's own sentences are English.
    aria: { enabled: true, label: { enabled: false }, decal: { show: spec.series.length > 1 } },
  };
  if (spec.type === "pie") {
    const values = spec.series[0].values;
    return { ...common, series: [{ type: "pie", radius: ["48%", "74%"], center: ["50%", "56%"], label: { color: token("--text") }, data: spec.labels.map((name, n) => ({ name, value: values[n] })) }] };
  }
  const names = axis({ type: "category", data: spec.labels });
  if (spec.horizontal) names.axisLabel = { ...names.axisLabel, width: beside - 12, overflow: "truncate" };
  const values = axis({ type: "value", minInterval: spec.decimal ? 0 : 1 });
  return {
    ...common,
    grid: { left: spec.horizontal ? beside : 4, right: 16, top: spec.series.length > 1 ? 36 : 12, bottom: spec.horizontal ? 24 : 4, containLabel: !spec.horizontal },
    xAxis: spec.horizontal ? values : names,
    yAxis: spec.horizontal ? { ...names, inverse: true } : values,
    series: spec.series.map((one) => ({
      name: one.name,
      type: spec.type === "line" ? "line" : "bar",
      stack: spec.type === "stack" ? "all" : undefined,
      data: one.values,
      barMaxWidth: 36,
      smooth: false,
      symbolSize: 6,
    })),
  };
}

function table(figure, spec) {
  const body = figure.querySelector("[data-chart-rows]");
  if (!body) return;
  body.textContent = "";
  spec.labels.forEach((label, n) => {
    const row = el("tr", {}, el("th", { scope: "row" }, String(label)));
    for (const one of spec.series) {
      const value = one.values[n];
      row.append(el("td", { class: "num" }, value === null || value === undefined ? NONE : formatNumber(value)));
    }
    body.append(row);
  });
}

/** @param {HTMLElement} figure element with data-chart */
export function drawChart(figure) {
  const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  table(figure, spec);
  const holder = figure.querySelector("[data-chart-canvas]");
  if (!window.echarts) {
    holder.hidden = true;
    figure.querySelector("details").open = true;
    return;
  }
  const chart = window.echarts.init(holder, null, { renderer: "svg" });
  let width = holder.clientWidth;
  const draw = (option) => chart.setOption({ ...chartOption(spec, width), ...option }, true);
  draw();
  onThemeChange(() => draw({ animation: false }));
  // The observer also speaks once at the start; drawing again then would cut the first animation short.
  new ResizeObserver(() => {
    if (holder.clientWidth === width) return;
    width = holder.clientWidth;
    chart.resize();
    draw({ animation: false });
  }).observe(holder);
  figure.gmChart = chart;
}

for (const figure of document.querySelectorAll("[data-chart]")) if (!figure.gmChart) drawChart(figure);
