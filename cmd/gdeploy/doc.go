package main

import "github.com/spf13/cobra"

func docCommand() *cobra.Command { return &cobra.Command{Use: "doc"} }
