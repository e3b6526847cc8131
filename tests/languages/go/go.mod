module greeter

go 1.27
