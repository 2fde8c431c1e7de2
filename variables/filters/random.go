package filters

import (
	cryptorand "crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// twister is the generator of Python's random: with the same seed the filters random
// and shuffle choose what Ansible chooses.
type twister struct {
	state [624]uint32
	at    int
}

func newTwister(key []uint32) *twister {
	t := &twister{at: 624}
	t.state[0] = 19650218
	for i := 1; i < 624; i++ {
		t.state[i] = 1812433253*(t.state[i-1]^t.state[i-1]>>30) + uint32(i)
	}
	i, j := 1, 0
	for range max(624, len(key)) {
		t.state[i] = (t.state[i] ^ (t.state[i-1]^t.state[i-1]>>30)*1664525) + key[j] + uint32(j)
		i, j = t.step(i), (j+1)%len(key)
	}
	for range 623 {
		t.state[i] = (t.state[i] ^ (t.state[i-1]^t.state[i-1]>>30)*1566083941) - uint32(i)
		i = t.step(i)
	}
	t.state[0] = 0x80000000
	return t
}

func (t *twister) step(i int) int {
	if i++; i >= 624 {
		t.state[0] = t.state[623]
		return 1
	}
	return i
}

func (t *twister) refill() {
	for i := range t.state {
		y := t.state[i]&0x80000000 | t.state[(i+1)%624]&0x7fffffff
		next := t.state[(i+397)%624] ^ y>>1
		if y&1 != 0 {
			next ^= 0x9908b0df
		}
		t.state[i] = next
	}
	t.at = 0
}

func (t *twister) next() uint32 {
	if t.at >= 624 {
		t.refill()
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below gives a number from 0 to n-1, drawn as Python draws it.
func (t *twister) below(n uint64) uint64 {
	k := bits.Len64(n)
	for {
		if r := t.bits(k); r < n {
			return r
		}
	}
}

func (t *twister) bits(k int) uint64 {
	if k <= 32 {
		return uint64(t.next() >> (32 - k))
	}
	low := uint64(t.next())
	return low | uint64(t.next()>>(64-k))<<32
}

// seeded makes the generator that random.Random(seed) is; without a seed, a new one.
func seeded(p *jinja.Params) (*twister, error) {
	seed := p.Value("seed", values.Null)
	if seed.IsNull() {
		key := make([]byte, 64)
		if _, err := cryptorand.Read(key); err != nil {
			return nil, fmt.Errorf("no random numbers: %w", err)
		}
		return newTwister(words(new(big.Int).SetBytes(key))), nil
	}
	if s, ok := seed.AsString(); ok {
		return newTwister(textSeed(s)), nil
	}
	i, ok := jinja.ToInt(seed, 10)
	if seed.Kind() == values.KindFloat || !ok {
		return nil, fmt.Errorf("the seed must be a string or an integer, not %s", jinja.TypeName(seed))
	}
	b, _ := i.AsBig()
	return newTwister(words(new(big.Int).Abs(b))), nil
}

// textSeed is the key that Python makes of a seed that is text.
func textSeed(s string) []uint32 {
	sum := sha512.Sum512([]byte(s))
	return words(new(big.Int).SetBytes(append([]byte(s), sum[:]...)))
}

// words splits a number into 32-bit words, the lowest first.
func words(n *big.Int) []uint32 {
	data := n.Bytes()
	slices.Reverse(data)
	data = append(data, make([]byte, (4-len(data)%4)%4)...)
	key := make([]uint32, len(data)/4)
	for i := range key {
		key[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	if len(key) == 0 {
		return []uint32{0}
	}
	return key
}

// random gives a number below the value, or an element of the list.
func random(c *jinja.Call) (values.Value, error) {
	p := c.Params("start", "step", "seed")
	start, hasStart := p.Get("start")
	step, hasStep := p.Get("step")
	hasStart, hasStep = hasStart && !start.IsNull(), hasStep && !step.IsNull()
	t, err := seeded(p)
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	if end, ok := smallInt(c.Value); ok {
		from, by := 0, 1
		if hasStart {
			from = p.Int("start", 0)
		}
		if hasStep {
			by = p.Int("step", 1)
		}
		return randomNumber(t, p, int64(from), end, int64(by))
	}
	items, err := jinja.Iterate(c.Value)
	switch {
	case err != nil || c.Value.Kind() == values.KindMap:
		return values.Null, fmt.Errorf("random can only be used on sequences and integers")
	case hasStart || hasStep:
		return values.Null, fmt.Errorf("start and step can only be used with integer values")
	case len(items) == 0:
		return values.Null, fmt.Errorf("random: the list is empty")
	}
	return c.Pick(items[t.below(uint64(len(items)))])
}

// smallInt gives ints and bools.
func smallInt(v values.Value) (int64, bool) {
	if b, ok := v.AsBool(); ok {
		return int64(boolInt(b)), true
	}
	return v.AsInt()
}

func randomNumber(t *twister, p *jinja.Params, from, end, by int64) (values.Value, error) {
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if by == 0 {
		return values.Null, fmt.Errorf("random: the step cannot be 0")
	}
	n := (end - from + by - 1) / by
	if by < 0 {
		n = (end - from + by + 1) / by
	}
	if n <= 0 {
		return values.Null, fmt.Errorf("random: empty range from %d to %d", from, end)
	}
	return values.Int(from + by*int64(t.below(uint64(n)))), nil
}

func shuffle(c *jinja.Call) (values.Value, error) {
	p := c.Params("seed")
	t, err := seeded(p)
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	items, err := c.Items()
	if err != nil {
		return c.Pick(c.Value)
	}
	items = slices.Clone(items)
	for i := len(items) - 1; i > 0; i-- {
		j := t.below(uint64(i + 1))
		items[i], items[j] = items[j], items[i]
	}
	return values.FromSlice(items), nil
}
