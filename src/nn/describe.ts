/** How printed modules show options: `numLayers: 2`, … Those that have their default value are left out. */
export function optionTexts(options: object, defaults: Readonly<Record<string, unknown>> = {}): string[] {
  return Object.entries(options)
    .filter(([name, value]) => !Object.hasOwn(defaults, name) || value !== defaults[name])
    .map(([name, value]) => `${name}: ${value}`);
}
