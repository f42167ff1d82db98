import ts from 'typescript';

/** What the architecture test wants to know about one source file. */
export interface SourceFacts {
  /** Every module named by an import, an export, `import()`, `require()` or `….resolve()`. */
  readonly modules: readonly string[];
  /** Names that the file uses and does not declare. */
  readonly freeNames: ReadonlySet<string>;
  /** Whether the type `any` is written anywhere. */
  readonly saysAny: boolean;
  /** Whether a comment turns the type checker off. */
  readonly silencesTypes: boolean;
  /** Classes of errors without a static code of their own, by which `isInstance` would tell them. */
  readonly codelessErrors: readonly string[];
}

/** Reads a file by TypeScript's own parser; comments and strings don't count as code. */
export function sourceFacts(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const modules: string[] = [];
  const used = new Set<string>();
  const declared = new Set<string>();
  const codelessErrors: string[] = [];
  let saysAny = false;

  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      modules.push((node.moduleSpecifier as ts.StringLiteral).text);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      modules.push((node.argument.literal as ts.StringLiteral).text);
    } else if (ts.isCallExpression(node)) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument) && loadsModule(node.expression))
        modules.push(argument.text);
    } else if (node.kind === ts.SyntaxKind.AnyKeyword) {
      saysAny = true;
    } else if (ts.isClassDeclaration(node) && isCodelessError(node)) {
      codelessErrors.push(node.name?.text ?? 'an error');
    } else if (ts.isIdentifier(node)) {
      if (isDeclaration(node)) declared.add(node.text);
      else if (isReference(node)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return {
    modules,
    freeNames: new Set([...used].filter((name) => !declared.has(name))),
    saysAny,
    codelessErrors,
    silencesTypes: /(\/\/|\/\*|\*)\s*@ts-(ignore|nocheck)/.test(text),
  };
}

function isCodelessError({ heritageClauses, members }: ts.ClassDeclaration): boolean {
  const bases = heritageClauses?.flatMap(({ types }) => types.map(({ expression }) => expression.getText()));
  if (!bases?.includes('TesseraError')) return false;
  return !members.some(
    (member) =>
      ts.isPropertyDeclaration(member) &&
      member.name.getText() === 'code' &&
      member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword),
  );
}

function loadsModule(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'resolve') return false;
  return ts.isMetaProperty(callee.expression) || callee.expression.getText() === 'require';
}

/** Whether an identifier names what its parent declares. */
function isDeclaration(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionDeclaration(parent) ||
      ts.isFunctionExpression(parent) ||
      ts.isClassDeclaration(parent) ||
      ts.isInterfaceDeclaration(parent) ||
      ts.isTypeAliasDeclaration(parent) ||
      ts.isTypeParameterDeclaration(parent) ||
      ts.isImportClause(parent) ||
      ts.isImportSpecifier(parent) ||
      ts.isNamespaceImport(parent)) &&
    parent.name === node
  );
}

/** Whether an identifier stands for a value or a type, rather than for a property, a label or a tuple's part. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === node;
  return !(
    ts.isPropertySignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isSetAccessorDeclaration(parent) ||
    ts.isNamedTupleMember(parent) ||
    ts.isLabeledStatement(parent) ||
    ts.isMetaProperty(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  );
}
