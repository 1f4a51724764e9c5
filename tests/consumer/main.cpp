// What a project of someone else compiles against the package and against the tree: a child sends
// one message, so that headers, library, keeper and processes are all there.
#include <bulkhead/bulkhead.hpp>

#include <cstdio>

namespace {

void answer(bulkhead::queue<int> out) { out.send(42); }

}  // namespace

int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
#ifndef CONSUMER_AUTO_INIT  // linked with bulkhead::auto_init, a main needs no line of ours
  bulkhead::init(argc, argv);
#endif
  if (bulkhead::library_version() != bulkhead::header_version) {
    std::puts("the library is of another version than its headers");
    return 1;
  }
  bulkhead::runtime rt;
  bulkhead::queue<int> answers{rt};
  auto child = rt.spawn(answer, answers);
  const int value = answers.receive();
  std::printf("received %d\n", value);
  return value == 42 && child.join().success() ? 0 : 1;
}
