package stat

import (
	"strconv"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// flagNames are the flags of Linux's file systems in the order in which lsattr prints
// them.
var flagNames = []struct {
	bit    uint32
	letter string
	name   string
}{
	{0x1, "s", "zero"},
	{0x2, "u", "undelete"},
	{0x8, "S", "synchronous"},
	{0x10000, "D", "dirsync"},
	{0x10, "i", "immutable"},
	{0x20, "a", "append"},
	{0x40, "d", "nodump"},
	{0x80, "A", "noatime"},
	{0x4, "c", "compressed"},
	{0x800, "E", "encrypted"},
	{0x4000, "j", "journalled"},
	{0x1000, "I", "indexed"},
	{0x8000, "t", "notail"},
	{0x20000, "T", "blockroot"},
	{0x80000, "e", "extents"},
	{0x800000, "C", "nocow"},
	{0x10000000, "N", "inline"},
}

// addFlags tells the flags, as far as the file system knows them.
func addFlags(data *values.Map, sys modules.System, name string) {
	data.Set("version", values.Null)
	data.Set("attributes", values.Strings())
	data.Set("attr_flags", values.String(""))
	reader, ok := sys.(modules.Flags)
	if !ok {
		return
	}
	flags, version, err := reader.Flags(name)
	if err != nil {
		return
	}
	letters, names := "", []string{}
	for _, f := range flagNames {
		if flags&f.bit != 0 {
			letters += f.letter
			names = append(names, f.name)
		}
	}
	data.Set("version", values.String(strconv.FormatUint(uint64(version), 10)))
	data.Set("attributes", values.Strings(names...))
	data.Set("attr_flags", values.String(letters))
}
