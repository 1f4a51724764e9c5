#include <dlfcn.h>
#include <bulkhead/init.hpp>

// Linked into a program whose main is not its author's to change (a test runner, a plug-in host).
// The C library's start calls main through __libc_start_main; this one runs `init` in between, when
// all static objects of the program are there. A constructor function would run before those of
// other files.
namespace {

using main_function = int (*)(int, char**, char**);
using start_function = int (*)(main_function, int, char**, main_function, void (*)(), void (*)(),
                               void*);

main_function real_main = nullptr;

int initialised_main(int argc, char** argv, char** environment) {
  bulkhead::init(argc, argv);
  return real_main(argc, argv, environment);
}

}  // namespace

extern "C" int __libc_start_main(main_function main, int argc, char** argv, main_function init,
                                 void (*fini)(), void (*rtld_fini)(), void* stack_end) {
  real_main = main;
  const auto start = reinterpret_cast<start_function>(dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(&initialised_main, argc, argv, init, fini, rtld_fini, stack_end);
}
