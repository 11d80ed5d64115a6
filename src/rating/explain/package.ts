/** What is free, and the packages that the rest takes. */
import { max, min, ZERO } from "../../kernel/decimal.ts";
import { type PackageTerms, packagesOf } from "../rules/package.ts";
import type { ModelExplanation } from "./model.ts";
import { free, priced } from "./parts.ts";

export const packaged: ModelExplanation<PackageTerms> = {
  explain({ amount, package_size, free_units }, { units }) {
    const paid = max(units.minus(free_units), ZERO);
    return [
      ...free("free_units", max(min(units, free_units), ZERO)),
      priced("packages", packagesOf(paid, package_size), amount),
    ];
  },
};
