import type { Fragment } from "postgres";
import type { MetricStat } from "@/core/filter/operand";
import type { Sql } from "../client";

/** Of a row `m` of metric_summaries, as `readSummaries` shows it. A mean whose sum has overflowed is the middle of the bounds, as in `meanOf`. */
export function metricStat(sql: Sql, m: Fragment, stat: MetricStat): Fragment {
  if (stat !== "mean") return sql`${m}.${sql(stat)}`;
  // PostgreSQL refuses to divide where the result would round to zero, so the smallest numbers are not divided.
  const half = (x: Fragment) => sql`case when abs(${x}) < 1e-300 then 0 else ${x} / 2 end`;
  return sql`case when ${m}.count = 0 then null
    when abs(${m}.sum) = 'Infinity' or ${m}.sum = 'NaN' then ${half(sql`${m}.min`)} + ${half(sql`${m}.max`)}
    when abs(${m}.sum) < 1e-300 then least(greatest(${m}.sum, ${m}.min), ${m}.max)
    else least(greatest(${m}.sum / ${m}.count, ${m}.min), ${m}.max) end`;
}
