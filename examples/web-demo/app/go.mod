module web-demo

go 1.22
