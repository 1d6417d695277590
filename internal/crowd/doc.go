// Package crowd shows with the real programs that many processes at once ask a
// person once. It holds no code but tests. AUTHLATCH_CROWD_FULL=1 lets them run
// at full scale, which takes minutes.
package crowd
