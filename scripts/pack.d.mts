export declare function packPackages(folder: string): string[];
export declare function installCommands(
  folder: string,
): Record<'npm' | 'pnpm' | 'yarn' | 'single packages' | 'the command', string>;
