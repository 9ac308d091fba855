;; The inner loops of the dense algebra in math/, on rows of doubles in this module's own memory.
;;
;; Addresses, strides and sizes: addresses and strides (suffix S) are in bytes, rows, columns and depths in doubles. Lanes of a
;; vector hold different sums, never parts of one, and each sum runs from the lowest index to the highest with a rounding
;; after the product and one after the difference. So the results are those of the plain loops in linalg.ts and triangular.ts to
;; the bit: WebAssembly has no fused multiply-add (outside relaxed SIMD, which is not used).
;;
;; kernels-bytes.ts is this file assembled; `npx tsx math/wasm/assemble.ts` writes it.
(module
  ;; The first 32 KiB are the kernels' own: what they pack, and from 24 KiB on decay's table; grown by whoever calls.
  (memory (export "memory") 1)

  ;; C -= A B', where A is rows x depth, B columns x depth, C rows x columns; rows and columns are multiples of 4, columns at most
  ;; 24 and depth at most 128, so that B, packed, takes 24 KiB of the first-level cache.
  (func (export "subtract")
    (param $c i32) (param $cS i32) (param $a i32) (param $aS i32) (param $b i32) (param $bS i32)
    (param $rows i32) (param $columns i32) (param $depth i32)
    (local $tile i32) (local $j i32) (local $i i32)
    ;; bytes of one packed tile: depth x 4 doubles
    (local.set $tile (i32.shl (local.get $depth) (i32.const 5)))
    (local.set $j (i32.const 0))
    (loop $pack
      (call $packTile
        (i32.mul (i32.shr_u (local.get $j) (i32.const 2)) (local.get $tile))
        (i32.add (local.get $b) (i32.mul (local.get $j) (local.get $bS)))
        (local.get $bS) (local.get $depth))
      (br_if $pack (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 4))) (local.get $columns))))
    (loop $down
      (local.set $j (i32.const 0))
      (loop $across
        (call $subtractTile
          (i32.add (local.get $c) (i32.shl (local.get $j) (i32.const 3))) (local.get $cS)
          (local.get $a) (local.get $aS)
          (i32.mul (i32.shr_u (local.get $j) (i32.const 2)) (local.get $tile))
          (local.get $tile))
        (br_if $across (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 4))) (local.get $columns))))
      (local.set $a (i32.add (local.get $a) (i32.shl (local.get $aS) (i32.const 2))))
      (local.set $c (i32.add (local.get $c) (i32.shl (local.get $cS) (i32.const 2))))
      (br_if $down (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (local.get $rows)))))

  ;; Four rows of B, interleaved: b0[0] b1[0] b2[0] b3[0] b0[1] ...
  (func $packTile (param $to i32) (param $b i32) (param $bS i32) (param $depth i32)
    (local $b1 i32) (local $b2 i32) (local $b3 i32) (local $end i32)
    (local.set $b1 (i32.add (local.get $b) (local.get $bS)))
    (local.set $b2 (i32.add (local.get $b1) (local.get $bS)))
    (local.set $b3 (i32.add (local.get $b2) (local.get $bS)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $depth) (i32.const 5))))
    (loop $next
      (f64.store (local.get $to) (f64.load (local.get $b)))
      (f64.store offset=8 (local.get $to) (f64.load (local.get $b1)))
      (f64.store offset=16 (local.get $to) (f64.load (local.get $b2)))
      (f64.store offset=24 (local.get $to) (f64.load (local.get $b3)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (local.set $b1 (i32.add (local.get $b1) (i32.const 8)))
      (local.set $b2 (i32.add (local.get $b2) (i32.const 8)))
      (local.set $b3 (i32.add (local.get $b3) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 32))) (local.get $end)))))

  ;; 4 x 4 sums in eight registers: six loads for sixteen products.
  (func $subtractTile
    (param $c i32) (param $cS i32) (param $a0 i32) (param $aS i32) (param $b i32) (param $bytes i32)
    (local $c1 i32) (local $c2 i32) (local $c3 i32) (local $a1 i32) (local $a2 i32) (local $a3 i32) (local $end i32)
    (local $s00 v128) (local $s02 v128) (local $s10 v128) (local $s12 v128)
    (local $s20 v128) (local $s22 v128) (local $s30 v128) (local $s32 v128)
    (local $b0 v128) (local $b2 v128) (local $x v128)
    (local.set $c1 (i32.add (local.get $c) (local.get $cS)))
    (local.set $c2 (i32.add (local.get $c1) (local.get $cS)))
    (local.set $c3 (i32.add (local.get $c2) (local.get $cS)))
    (local.set $a1 (i32.add (local.get $a0) (local.get $aS)))
    (local.set $a2 (i32.add (local.get $a1) (local.get $aS)))
    (local.set $a3 (i32.add (local.get $a2) (local.get $aS)))
    (local.set $end (i32.add (local.get $b) (local.get $bytes)))
    (local.set $s00 (v128.load (local.get $c)))
    (local.set $s02 (v128.load offset=16 (local.get $c)))
    (local.set $s10 (v128.load (local.get $c1)))
    (local.set $s12 (v128.load offset=16 (local.get $c1)))
    (local.set $s20 (v128.load (local.get $c2)))
    (local.set $s22 (v128.load offset=16 (local.get $c2)))
    (local.set $s30 (v128.load (local.get $c3)))
    (local.set $s32 (v128.load offset=16 (local.get $c3)))
    (loop $deeper
      (local.set $b0 (v128.load (local.get $b)))
      (local.set $b2 (v128.load offset=16 (local.get $b)))
      (local.set $x (v128.load64_splat (local.get $a0)))
      (local.set $s00 (f64x2.sub (local.get $s00) (f64x2.mul (local.get $x) (local.get $b0))))
      (local.set $s02 (f64x2.sub (local.get $s02) (f64x2.mul (local.get $x) (local.get $b2))))
      (local.set $x (v128.load64_splat (local.get $a1)))
      (local.set $s10 (f64x2.sub (local.get $s10) (f64x2.mul (local.get $x) (local.get $b0))))
      (local.set $s12 (f64x2.sub (local.get $s12) (f64x2.mul (local.get $x) (local.get $b2))))
      (local.set $x (v128.load64_splat (local.get $a2)))
      (local.set $s20 (f64x2.sub (local.get $s20) (f64x2.mul (local.get $x) (local.get $b0))))
      (local.set $s22 (f64x2.sub (local.get $s22) (f64x2.mul (local.get $x) (local.get $b2))))
      (local.set $x (v128.load64_splat (local.get $a3)))
      (local.set $s30 (f64x2.sub (local.get $s30) (f64x2.mul (local.get $x) (local.get $b0))))
      (local.set $s32 (f64x2.sub (local.get $s32) (f64x2.mul (local.get $x) (local.get $b2))))
      (local.set $a0 (i32.add (local.get $a0) (i32.const 8)))
      (local.set $a1 (i32.add (local.get $a1) (i32.const 8)))
      (local.set $a2 (i32.add (local.get $a2) (i32.const 8)))
      (local.set $a3 (i32.add (local.get $a3) (i32.const 8)))
      (br_if $deeper (i32.lt_u (local.tee $b (i32.add (local.get $b) (i32.const 32))) (local.get $end))))
    (v128.store (local.get $c) (local.get $s00))
    (v128.store offset=16 (local.get $c) (local.get $s02))
    (v128.store (local.get $c1) (local.get $s10))
    (v128.store offset=16 (local.get $c1) (local.get $s12))
    (v128.store (local.get $c2) (local.get $s20))
    (v128.store offset=16 (local.get $c2) (local.get $s22))
    (v128.store (local.get $c3) (local.get $s30))
    (v128.store offset=16 (local.get $c3) (local.get $s32)))

  ;; L x = b for each of `rows` right-hand sides (rows of X, replaced), two at a time; n is at most 8 and rows a multiple of 2.
  (func (export "solve")
    (param $l i32) (param $lS i32) (param $n i32) (param $x i32) (param $xS i32) (param $rows i32)
    (local $x1 i32) (local $row i32) (local $i i32) (local $k i32) (local $bytes i32) (local $sum v128)
    (local.set $bytes (i32.shl (local.get $n) (i32.const 3)))
    (loop $pair
      (local.set $x1 (i32.add (local.get $x) (local.get $xS)))
      (local.set $row (local.get $l))
      (local.set $i (i32.const 0))
      (loop $unknown
        (local.set $sum
          (v128.load64_lane 1 (i32.add (local.get $x1) (local.get $i))
            (v128.load64_zero (i32.add (local.get $x) (local.get $i)))))
        (local.set $k (i32.const 0))
        (block $first
          (br_if $first (i32.eqz (local.get $i)))
          (loop $known
            (local.set $sum
              (f64x2.sub (local.get $sum)
                (f64x2.mul
                  ;; solved pairs lie packed at the foot of the memory, 16 bytes each
                  (v128.load (i32.shl (local.get $k) (i32.const 1)))
                  (v128.load64_splat (i32.add (local.get $row) (local.get $k))))))
            (br_if $known (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 8))) (local.get $i)))))
        (local.set $sum
          (f64x2.div (local.get $sum) (v128.load64_splat (i32.add (local.get $row) (local.get $i)))))
        (v128.store (i32.shl (local.get $i) (i32.const 1)) (local.get $sum))
        (f64.store (i32.add (local.get $x) (local.get $i)) (f64x2.extract_lane 0 (local.get $sum)))
        (f64.store (i32.add (local.get $x1) (local.get $i)) (f64x2.extract_lane 1 (local.get $sum)))
        (local.set $row (i32.add (local.get $row) (local.get $lS)))
        (br_if $unknown (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (local.get $bytes))))
      (local.set $x (i32.add (local.get $x1) (local.get $xS)))
      (br_if $pair (i32.gt_u (local.tee $rows (i32.sub (local.get $rows) (i32.const 2))) (i32.const 0)))))

  ;; x[i] = x[i] - s0 r0[i] - s1 r1[i] - s2 r2[i] - s3 r3[i], in that order, for `count` numbers; the r are rows of R.
  (func (export "subtractFour")
    (param $x i32) (param $count i32) (param $r0 i32) (param $rS i32)
    (param $s0 f64) (param $s1 f64) (param $s2 f64) (param $s3 f64)
    (local $r1 i32) (local $r2 i32) (local $r3 i32) (local $end i32)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
    (local.set $r1 (i32.add (local.get $r0) (local.get $rS)))
    (local.set $r2 (i32.add (local.get $r1) (local.get $rS)))
    (local.set $r3 (i32.add (local.get $r2) (local.get $rS)))
    (local.set $v0 (f64x2.splat (local.get $s0)))
    (local.set $v1 (f64x2.splat (local.get $s1)))
    (local.set $v2 (f64x2.splat (local.get $s2)))
    (local.set $v3 (f64x2.splat (local.get $s3)))
    (local.set $end (i32.add (local.get $x) (i32.shl (i32.and (local.get $count) (i32.const -2)) (i32.const 3))))
    (block $pairsDone
      (br_if $pairsDone (i32.ge_u (local.get $x) (local.get $end)))
      (loop $pair
        (v128.store (local.get $x)
          (f64x2.sub
            (f64x2.sub
              (f64x2.sub
                (f64x2.sub (v128.load (local.get $x)) (f64x2.mul (local.get $v0) (v128.load (local.get $r0))))
                (f64x2.mul (local.get $v1) (v128.load (local.get $r1))))
              (f64x2.mul (local.get $v2) (v128.load (local.get $r2))))
            (f64x2.mul (local.get $v3) (v128.load (local.get $r3)))))
        (local.set $r0 (i32.add (local.get $r0) (i32.const 16)))
        (local.set $r1 (i32.add (local.get $r1) (i32.const 16)))
        (local.set $r2 (i32.add (local.get $r2) (i32.const 16)))
        (local.set $r3 (i32.add (local.get $r3) (i32.const 16)))
        (br_if $pair (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))
    (if (i32.and (local.get $count) (i32.const 1))
      (then
        (f64.store (local.get $x)
          (f64.sub
            (f64.sub
              (f64.sub
                (f64.sub (f64.load (local.get $x)) (f64.mul (local.get $s0) (f64.load (local.get $r0))))
                (f64.mul (local.get $s1) (f64.load (local.get $r1))))
              (f64.mul (local.get $s2) (f64.load (local.get $r2))))
            (f64.mul (local.get $s3) (f64.load (local.get $r3))))))))

  ;; sum[i] += scale from[i] for an even number of doubles.
  (func (export "addScaled") (param $sum i32) (param $from i32) (param $count i32) (param $scale f64)
    (local $end i32) (local $by v128)
    (local.set $by (f64x2.splat (local.get $scale)))
    (local.set $end (i32.add (local.get $sum) (i32.shl (local.get $count) (i32.const 3))))
    (block $done
      (br_if $done (i32.ge_u (local.get $sum) (local.get $end)))
      (loop $next
        (v128.store (local.get $sum)
          (f64x2.add (v128.load (local.get $sum)) (f64x2.mul (local.get $by) (v128.load (local.get $from)))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br_if $next (i32.lt_u (local.tee $sum (i32.add (local.get $sum) (i32.const 16))) (local.get $end))))))

  ;; The sum of a[i] b[i] as four sums, of every fourth i each, what is left over going to the first: s0 + s1 + (s2 + s3).
  (func (export "sumProducts") (param $a i32) (param $b i32) (param $count i32) (result f64)
    (local $end i32) (local $last i32) (local $s01 v128) (local $s23 v128) (local $s0 f64)
    (local.set $end (i32.add (local.get $a) (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 3))))
    (local.set $last (i32.add (local.get $a) (i32.shl (local.get $count) (i32.const 3))))
    (block $foursDone
      (br_if $foursDone (i32.ge_u (local.get $a) (local.get $end)))
      (loop $four
        (local.set $s01
          (f64x2.add (local.get $s01) (f64x2.mul (v128.load (local.get $a)) (v128.load (local.get $b)))))
        (local.set $s23
          (f64x2.add (local.get $s23)
            (f64x2.mul (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (br_if $four (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 32))) (local.get $end)))))
    (local.set $s0 (f64x2.extract_lane 0 (local.get $s01)))
    (block $allDone
      (br_if $allDone (i32.ge_u (local.get $a) (local.get $last)))
      (loop $one
        (local.set $s0
          (f64.add (local.get $s0) (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (br_if $one (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 8))) (local.get $last)))))
    (f64.add
      (f64.add (local.get $s0) (f64x2.extract_lane 1 (local.get $s01)))
      (f64.add (f64x2.extract_lane 0 (local.get $s23)) (f64x2.extract_lane 1 (local.get $s23)))))

  ;; e^-x of two numbers, as math/decay.ts has it; its table of fractions lies at 24576.
  (func $decay (param $x v128) (result v128)
    (local $steps v128) (local $r v128) (local $whole v128)
    (local.set $steps
      (f64x2.floor
        (f64x2.add
          (f64x2.mul (local.get $x) (v128.const f64x2 92.33248261689366 92.33248261689366))
          (v128.const f64x2 0.5 0.5))))
    (local.set $r
      (f64x2.sub
        (f64x2.sub (local.get $x)
          (f64x2.mul (local.get $steps) (v128.const f64x2 0.01083042469326756 0.01083042469326756)))
        (f64x2.mul (local.get $steps) (v128.const f64x2 2.9815858269852933e-12 2.9815858269852933e-12))))
    (local.set $whole (i32x4.trunc_sat_f64x2_s_zero (local.get $steps)))
    (v128.and
      (f64x2.lt (local.get $x) (v128.const f64x2 708 708))
      (f64x2.mul
        (f64x2.mul
          (v128.load64_lane 1
            (i32.add (i32.const 24576)
              (i32.shl (i32.and (i32x4.extract_lane 1 (local.get $whole)) (i32.const 63)) (i32.const 3)))
            (v128.load64_zero
              (i32.add (i32.const 24576)
                (i32.shl (i32.and (i32x4.extract_lane 0 (local.get $whole)) (i32.const 63)) (i32.const 3)))))
          ;; 2^-m by its bits
          (i64x2.shl
            (i64x2.extend_low_i32x4_u
              (i32x4.sub (v128.const i32x4 1023 1023 0 0) (i32x4.shr_u (local.get $whole) (i32.const 6))))
            (i32.const 52)))
        (call $decaySeries (local.get $r)))))

  ;; 1 - r (1 - r (1/2 - r (1/6 - r (1/24 - r / 120))))
  (func $decaySeries (param $r v128) (result v128)
    (f64x2.sub (v128.const f64x2 1 1) (f64x2.mul (local.get $r)
      (f64x2.sub (v128.const f64x2 1 1) (f64x2.mul (local.get $r)
        (f64x2.sub (v128.const f64x2 0.5 0.5) (f64x2.mul (local.get $r)
          (f64x2.sub (v128.const f64x2 0.16666666666666666 0.16666666666666666) (f64x2.mul (local.get $r)
            (f64x2.sub (v128.const f64x2 0.041666666666666664 0.041666666666666664) (f64x2.mul (local.get $r)
              (v128.const f64x2 0.008333333333333333 0.008333333333333333))))))))))))

  ;; a k(q) in place of an even number of q, and k'(q) at `slope` where that is not 0 (see compute/search/gp/kernel.ts).
  (func $matern (export "matern") (param $q i32) (param $count i32) (param $a f64) (param $slope i32)
    (local $end i32) (local $s v128) (local $e v128) (local $by v128)
    (local.set $by (f64x2.splat (local.get $a)))
    (local.set $end (i32.add (local.get $q) (i32.shl (local.get $count) (i32.const 3))))
    (block $done
      (br_if $done (i32.ge_u (local.get $q) (local.get $end)))
      (loop $next
        (local.set $s (f64x2.sqrt (f64x2.mul (v128.const f64x2 5 5) (v128.load (local.get $q)))))
        (local.set $e (call $decay (local.get $s)))
        (v128.store (local.get $q)
          (f64x2.mul (local.get $by)
            (f64x2.mul
              (f64x2.add
                (f64x2.add (v128.const f64x2 1 1) (local.get $s))
                (f64x2.div (f64x2.mul (local.get $s) (local.get $s)) (v128.const f64x2 3 3)))
              (local.get $e))))
        (if (local.get $slope)
          (then
            (v128.store (local.get $slope)
              (f64x2.mul
                (f64x2.mul
                  (v128.const f64x2 -0.8333333333333334 -0.8333333333333334)
                  (f64x2.add (v128.const f64x2 1 1) (local.get $s)))
                (local.get $e)))
            (local.set $slope (i32.add (local.get $slope) (i32.const 16)))))
        (br_if $next (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const 16))) (local.get $end))))))

  ;; Covariances a k(q) of one point x with an even number of rows, and k'(q) where asked for; columns of X lie XS apart. `kinds`
  ;; holds an i32 a dimension: 0 number, 1 conditional, 2 category.
  (func (export "covariances")
    (param $x i32) (param $dimensions i32) (param $w i32) (param $kinds i32) (param $X i32) (param $XS i32)
    (param $count i32) (param $a f64) (param $q i32) (param $slope i32)
    (local $at v128) (local $by v128) (local $kind i32) (local $end i32) (local $to i32) (local $from i32)
    (local $difference v128)
    (local.set $end (i32.add (local.get $q) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $to (local.get $q))
    (loop $clear
      (v128.store (local.get $to) (v128.const f64x2 0 0))
      (br_if $clear (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end))))
    (loop $dimension
      (local.set $at (v128.load64_splat (local.get $x)))
      (local.set $by (v128.load64_splat (local.get $w)))
      (local.set $kind (i32.load (local.get $kinds)))
      (local.set $to (local.get $q))
      (local.set $from (local.get $X))
      (if (i32.eqz (local.get $kind))
        (then
          (loop $number
            (local.set $difference (f64x2.sub (local.get $at) (v128.load (local.get $from))))
            (v128.store (local.get $to)
              (f64x2.add (v128.load (local.get $to))
                (f64x2.mul (f64x2.mul (local.get $by) (local.get $difference)) (local.get $difference))))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (br_if $number (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end)))))
        (else
          (if (i32.eq (local.get $kind) (i32.const 2))
            (then
              (loop $category
                (v128.store (local.get $to)
                  (f64x2.add (v128.load (local.get $to))
                    (v128.and (local.get $by) (f64x2.ne (local.get $at) (v128.load (local.get $from))))))
                (local.set $from (i32.add (local.get $from) (i32.const 16)))
                (br_if $category (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end)))))
            (else
              (loop $conditional
                (v128.store (local.get $to)
                  (f64x2.add (v128.load (local.get $to))
                    (f64x2.mul (local.get $by)
                      (call $conditionalDistance (local.get $at) (v128.load (local.get $from))))))
                (local.set $from (i32.add (local.get $from) (i32.const 16)))
                (br_if $conditional
                  (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end))))))))
      (local.set $x (i32.add (local.get $x) (i32.const 8)))
      (local.set $w (i32.add (local.get $w) (i32.const 8)))
      (local.set $kinds (i32.add (local.get $kinds) (i32.const 4)))
      (local.set $X (i32.add (local.get $X) (local.get $XS)))
      (br_if $dimension (local.tee $dimensions (i32.sub (local.get $dimensions) (i32.const 1)))))
    (call $matern (local.get $q) (local.get $count) (local.get $a) (local.get $slope)))

  ;; 0 where neither exists, 1 where one does, else the arc of the square of their difference.
  (func $conditionalDistance (param $a v128) (param $b v128) (result v128)
    (local $x v128) (local $one v128) (local $absentA v128) (local $absentB v128)
    (local.set $one (v128.const f64x2 1 1))
    (local.set $absentA (f64x2.lt (local.get $a) (v128.const f64x2 0 0)))
    (local.set $absentB (f64x2.lt (local.get $b) (v128.const f64x2 0 0)))
    (local.set $x (f64x2.sub (local.get $a) (local.get $b)))
    (local.set $x (f64x2.mul (local.get $x) (local.get $x)))
    (v128.bitselect
      (v128.and (local.get $one) (v128.xor (local.get $absentA) (local.get $absentB)))
      (f64x2.mul (local.get $x)
        (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 12 12))
          (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 30 30))
            (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 56 56))
              (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 90 90))
                (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 132 132))
                  (f64x2.sub (local.get $one) (f64x2.mul (f64x2.div (local.get $x) (v128.const f64x2 182 182))
                    (f64x2.sub (local.get $one)
                      (f64x2.div (local.get $x) (v128.const f64x2 240 240))))))))))))))))
      (v128.or (local.get $absentA) (local.get $absentB))))

  ;; Of each of `rows` rows v (a multiple of 4) what is left of a after each square, a - v0 v0 - v1 v1 ..., and the sum of v t over the
  ;; first `targets`: written to `rest` and `base`, an element a row.
  (func (export "reduce")
    (param $v i32) (param $vS i32) (param $rows i32) (param $t i32) (param $targets i32) (param $count i32) (param $a f64)
    (param $rest i32) (param $base i32)
    (local $v1 i32) (local $v2 i32) (local $v3 i32) (local $at i32) (local $middle i32) (local $end i32) (local $from i32)
    (local $r01 v128) (local $r23 v128) (local $b01 v128) (local $b23 v128) (local $p v128) (local $by v128)
    (local.set $middle (i32.shl (local.get $targets) (i32.const 3)))
    (local.set $end (i32.shl (local.get $count) (i32.const 3)))
    (loop $four
      (local.set $v1 (i32.add (local.get $v) (local.get $vS)))
      (local.set $v2 (i32.add (local.get $v1) (local.get $vS)))
      (local.set $v3 (i32.add (local.get $v2) (local.get $vS)))
      (local.set $r01 (f64x2.splat (local.get $a)))
      (local.set $r23 (local.get $r01))
      (local.set $b01 (v128.const f64x2 0 0))
      (local.set $b23 (local.get $b01))
      (local.set $at (i32.const 0))
      (block $seen
        (br_if $seen (i32.ge_u (local.get $at) (local.get $middle)))
        (loop $next
          (local.set $by (v128.load64_splat (i32.add (local.get $t) (local.get $at))))
          (local.set $p
            (v128.load64_lane 1 (i32.add (local.get $v1) (local.get $at))
              (v128.load64_zero (i32.add (local.get $v) (local.get $at)))))
          (local.set $r01 (f64x2.sub (local.get $r01) (f64x2.mul (local.get $p) (local.get $p))))
          (local.set $b01 (f64x2.add (local.get $b01) (f64x2.mul (local.get $p) (local.get $by))))
          (local.set $p
            (v128.load64_lane 1 (i32.add (local.get $v3) (local.get $at))
              (v128.load64_zero (i32.add (local.get $v2) (local.get $at)))))
          (local.set $r23 (f64x2.sub (local.get $r23) (f64x2.mul (local.get $p) (local.get $p))))
          (local.set $b23 (f64x2.add (local.get $b23) (f64x2.mul (local.get $p) (local.get $by))))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $middle)))))
      (block $all
        (br_if $all (i32.ge_u (local.get $at) (local.get $end)))
        (loop $next
          (local.set $p
            (v128.load64_lane 1 (i32.add (local.get $v1) (local.get $at))
              (v128.load64_zero (i32.add (local.get $v) (local.get $at)))))
          (local.set $r01 (f64x2.sub (local.get $r01) (f64x2.mul (local.get $p) (local.get $p))))
          (local.set $p
            (v128.load64_lane 1 (i32.add (local.get $v3) (local.get $at))
              (v128.load64_zero (i32.add (local.get $v2) (local.get $at)))))
          (local.set $r23 (f64x2.sub (local.get $r23) (f64x2.mul (local.get $p) (local.get $p))))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end)))))
      (v128.store (local.get $rest) (local.get $r01))
      (v128.store offset=16 (local.get $rest) (local.get $r23))
      (v128.store (local.get $base) (local.get $b01))
      (v128.store offset=16 (local.get $base) (local.get $b23))
      (local.set $rest (i32.add (local.get $rest) (i32.const 32)))
      (local.set $base (i32.add (local.get $base) (i32.const 32)))
      (local.set $v (i32.add (local.get $v3) (local.get $vS)))
      (br_if $four (local.tee $rows (i32.sub (local.get $rows) (i32.const 4))))))

  ;; out[d] = the sum over i of c[i] (x[d] - X[i][d]), for a multiple of 4 of dimensions; rows of X are as wide.
  (func (export "lean")
    (param $c i32) (param $count i32) (param $X i32) (param $dimensions i32) (param $x i32) (param $out i32)
    (local $row i32) (local $at i32) (local $end i32) (local $from i32) (local $s01 v128) (local $s23 v128)
    (local $x01 v128) (local $x23 v128) (local $by v128)
    (local.set $row (i32.shl (local.get $dimensions) (i32.const 3)))
    (local.set $end (i32.add (local.get $c) (i32.shl (local.get $count) (i32.const 3))))
    (loop $four
      (local.set $x01 (v128.load (local.get $x)))
      (local.set $x23 (v128.load offset=16 (local.get $x)))
      (local.set $s01 (v128.const f64x2 0 0))
      (local.set $s23 (local.get $s01))
      (local.set $at (local.get $c))
      (local.set $from (local.get $X))
      (loop $next
        (local.set $by (v128.load64_splat (local.get $at)))
        (local.set $s01
          (f64x2.add (local.get $s01)
            (f64x2.mul (local.get $by) (f64x2.sub (local.get $x01) (v128.load (local.get $from))))))
        (local.set $s23
          (f64x2.add (local.get $s23)
            (f64x2.mul (local.get $by) (f64x2.sub (local.get $x23) (v128.load offset=16 (local.get $from))))))
        (local.set $from (i32.add (local.get $from) (local.get $row)))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
      (v128.store (local.get $out) (local.get $s01))
      (v128.store offset=16 (local.get $out) (local.get $s23))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (local.set $X (i32.add (local.get $X) (i32.const 32)))
      (br_if $four (local.tee $dimensions (i32.sub (local.get $dimensions) (i32.const 4))))))
)
