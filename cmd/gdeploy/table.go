package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

// tableRow is a line of a table: cells below each other, and behind them a note that may
// be as long as it likes.
type tableRow struct {
	cells []string
	note  string
}

// writeTable prints rows with two spaces between the columns.
func writeTable(out io.Writer, rows []tableRow) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row.cells {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		if _, err := io.WriteString(out, strings.TrimRight(line.String()+row.note, " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
