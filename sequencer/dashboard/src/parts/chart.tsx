// Lines over time, drawn by uPlot in the page's own colours.

import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock } from "../format";
import { useTheme } from "../theme";

export interface Line {
  label: string;
  values: (number | null)[];
  color: string; // of a CSS variable
  isStepped?: boolean;
  isDashed?: boolean;
  isPoints?: boolean;
  isFilled?: boolean;
}

interface Props {
  label: string; // for those who hear the page
  times_ms: number[];
  lines: Line[];
  height: number;
  format?: (value: number) => string; // of the axis; without one there are no axes
  least?: number; // draw from zero to at least this: small figures then look small
}

const paint = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function makeSeries(line: Line): uPlot.Series {
  const color = paint(line.color);
  if (line.isPoints) {
    const ring = paint("--panel");
    return { label: line.label, paths: () => null, points: { show: true, size: 9, fill: color, stroke: ring, width: 1.5 } };
  }
  const series: uPlot.Series = { label: line.label, stroke: color, width: line.isDashed ? 1 : 1.5, points: { show: false } };
  if (line.isDashed) series.dash = [3, 3];
  if (line.isFilled) series.fill = `${color}1f`;
  const stepped = line.isStepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  if (stepped) series.paths = stepped;
  return series;
}

function makeAxes(format: Props["format"]): uPlot.Axis[] {
  if (!format) return [{ show: false }, { show: false }];
  const common = { stroke: paint("--soft"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: paint("--line"), width: 1 };
  return [
    { ...common, grid: { show: false }, size: 26, space: 90, values: (_, found) => found.map((second) => clock(second * 1000)) },
    { ...common, grid, side: 1, size: 64, space: 36, values: (_, found) => found.map((value) => format(value)) },
  ];
}

function makeOptions(props: Props, width: number): uPlot.Options {
  return {
    width,
    height: props.height,
    legend: { show: false },
    cursor: { show: props.format !== undefined, drag: { x: false, y: false }, points: { show: false } },
    padding: props.format ? [8, 0, 0, 0] : [2, 0, 2, 0],
    axes: makeAxes(props.format),
    scales: props.least === undefined ? {} : { y: { range: makeRange(props.least) } },
    series: [{}, ...props.lines.map(makeSeries)],
  };
}

const makeRange =
  (least: number) =>
  (_: uPlot, __: number, max: number): uPlot.Range.MinMax => [0, Math.max(least, max)];

const makeData = ({ times_ms, lines }: Props): uPlot.AlignedData =>
  [times_ms.map((time) => time / 1000), ...lines.map((line) => line.values)] as uPlot.AlignedData;

export function Chart(props: Props) {
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const kinds = props.lines.map((line) => line.label).join();
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const made = new uPlot(makeOptions(latest.current, place.clientWidth || 120), makeData(latest.current), place);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: latest.current.height }));
    observer.observe(place);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, kinds, props.height]);
  useEffect(() => plot.current?.setData(makeData(props)), [props.times_ms, props.lines]);
  return <div class="chart" ref={box} role="img" aria-label={props.label} style={{ height: `${props.height}px` }} />;
}

export function Spark({ label, times_ms, values, least }: Omit<Props, "lines" | "height"> & { values: number[] }) {
  const lines = useMemo((): Line[] => [{ label, values, color: "--accent", isFilled: true }], [values]);
  return <Chart label={label} times_ms={times_ms} lines={lines} height={30} {...(least === undefined ? {} : { least })} />;
}
