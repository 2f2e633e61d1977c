#include "duru/agent/command_line.h"

int main(int argc, char** argv) { return duru::agent::run_command_line(argc, argv); }
