/**
 * A model with some of its members replaced. All others are the model's own, its private state included.
 *
 * ```ts
 * const lent = proxyModel(model, { dispose: async () => {} });
 * ```
 *
 * @param overrides may call `model`, which stays as it is
 */
export function proxyModel<Model extends object, Overrides extends Partial<Model>>(
  model: Model,
  overrides: Overrides,
): Model & Overrides {
  return new Proxy(model, {
    get(target, key) {
      if (Object.hasOwn(overrides, key)) return Reflect.get(overrides, key);
      const member: unknown = Reflect.get(target, key, target);
      // Bound, since a class's private members are those of the model, not of its proxy.
      return typeof member === 'function' ? member.bind(target) : member;
    },
    has: (target, key) => key in overrides || key in target,
  }) as Model & Overrides;
}
