/** Curves over one axis, as SVG. */

const [WIDTH, HEIGHT, MARGIN] = [900, 320, 40];
const COLOURS = ['#222222', '#d1495b', '#00798c', '#edae49'];

export function curves(lines: Record<string, readonly number[]>): string {
  const values = Object.values(lines).flat();
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const place = (i: number, value: number, count: number) => {
    const across = MARGIN + (i / (count - 1)) * (WIDTH - 2 * MARGIN);
    const down = HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN);
    return `${across.toFixed(1)},${down.toFixed(1)}`;
  };
  const paths = Object.entries(lines).map(([name, line], i) => {
    const colour = COLOURS[i % COLOURS.length];
    const points = line.map((value, at) => place(at, value, line.length)).join(' ');
    const [width, dash] = i === 0 ? [4, ''] : [1.5, ` stroke-dasharray="${4 + 3 * i} 4"`];
    const label = `<text x="${MARGIN + i * 110}" y="22" fill="${colour}">${name}</text>`;
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="${width}"${dash}${i === 0 ? ' opacity="0.35"' : ''}/>\n${label}`;
  });
  const axis = `<path d="M${MARGIN},${MARGIN} V${HEIGHT - MARGIN} H${WIDTH - MARGIN}" fill="none" stroke="#999"/>`;
  const ends = `<text x="8" y="${MARGIN + 4}">${high.toFixed(1)}</text><text x="8" y="${HEIGHT - MARGIN + 4}">${low.toFixed(1)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="14">
<rect width="100%" height="100%" fill="white"/>
${[axis, ends, ...paths].join('\n')}
</svg>
`;
}
