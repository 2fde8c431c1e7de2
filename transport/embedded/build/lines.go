package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// A Go program carries a table (.gopclntab) of what its instructions are: which function,
// where pointers lie on the stack, and which line of which file. Only stack traces read
// the last, and it is a tenth of the helper. Without it a trace names functions and
// offsets, and says "?" for the file, which the runtime foresees. CONTRIBUTING.md says how
// the lines are found all the same.

// errNoTable says that the table is not of the form that is known here.
var errNoTable = errors.New("the function table is not of the known form")

// The form of the table since Go 1.20; see runtime.pcHeader and runtime._func.
const (
	tableMagic   = 0xfffffff1
	headerSize   = 72
	atFunctions  = 8  // in the header: how many functions there are
	atPcTables   = 56 // in the header: where the tables by instruction begin
	atFuncTable  = 64 // in the header: where the table of functions begins
	atStack      = 16 // in a function: its table of stack sizes
	atFile       = 20 // ... of files
	atLine       = 24 // ... of lines
	atPcdata     = 28 // how many further tables it has
	atStartLine  = 36
	functionSize = 44 // the places of the further tables follow
)

// withoutLines gives a program without the lines of its functions. Its size stays, but
// what has gone is zeros, which pack well.
func withoutLines(program []byte) ([]byte, error) {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	section := file.Section(".gopclntab")
	if section == nil {
		return nil, fmt.Errorf("%w: there is none", errNoTable)
	}
	out := bytes.Clone(program)
	t := pclntab(out[section.Offset : section.Offset+section.Size])
	if len(t) < headerSize || t.uint32(0) != tableMagic {
		return nil, fmt.Errorf("%w: it begins with % x", errNoTable, []byte(t[:min(4, len(t))]))
	}
	t.forgetLines()
	return out, nil
}

// pclntab is the table of functions.
type pclntab []byte

func (t pclntab) uint32(at int) int { return int(binary.LittleEndian.Uint32(t[at:])) }
func (t pclntab) word(at int) int   { return int(binary.LittleEndian.Uint64(t[at:])) }

// forgetLines removes from each function where its lines are told, and then all tables
// that nothing names any more.
func (t pclntab) forgetLines() {
	start, end := t.word(atPcTables), t.word(atFuncTable)
	used := make([]bool, end-start)
	used[0] = true // 0 stands for no table
	for i := range t.word(atFunctions) {
		f := t[end+t.uint32(end+8*i+4):]
		clear(f[atFile:atPcdata])
		clear(f[atStartLine : atStartLine+4])
		t.mark(used, start, f.uint32(atStack))
		for j := range f.uint32(atPcdata) {
			t.mark(used, start, f.uint32(functionSize+4*j))
		}
	}
	for i, needed := range used {
		if !needed {
			t[start+i] = 0
		}
	}
}

// mark marks the bytes of one table by instruction: pairs of numbers, whose bytes all but
// the last have the high bit, up to a pair that begins with 0. Only the first pair may
// begin so and go on.
func (t pclntab) mark(used []bool, start, table int) {
	if table == 0 || used[table] {
		return
	}
	at := table
	number := func() {
		for ; t[start+at]&0x80 != 0; at++ {
			used[at] = true
		}
		used[at] = true
		at++
	}
	for first := true; first || t[start+at] != 0; first = false {
		number()
		number()
	}
	used[at] = true
}
