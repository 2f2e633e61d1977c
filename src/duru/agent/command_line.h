// From argv to what is to be done: the only place that knows CLI11.
//
//   int main(int argc, char** argv) { return run_command_line(argc, argv); }
#pragma once

namespace duru::agent {

int run_command_line(int argc, char** argv);

}  // namespace duru::agent
