;; The inner loops of the dense algebra in math/, on rows of doubles in this module's own memory.
;;
;; Addresses, strides and sizes: addresses and strides (suffix S) are in bytes, rows, columns and depths in doubles. Lanes of a
;; vector hold different sums, never parts of one, and each sum runs from the lowest index to the highest with a rounding
;; after the product and one after the difference. So the results are those of the plain loops in linalg.ts and triangular.ts to
;; the bit: WebAssembly has no fused multiply-add (outside relaxed SIMD, which is not used).
;;
;; kernels-bytes.ts is this file assembled; `npx tsx math/wasm/assemble.ts` writes it.
(module
  ;; The first 32 KiB are the kernels' own (see PACKED); grown by whoever calls.
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
)
