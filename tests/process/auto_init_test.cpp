// A program whose main does not call init: bulkhead::auto_init does.
#include <bulkhead/bulkhead.hpp>
#include <cstdio>

// Initialised before main, thus before init, in every copy.
static const int seven = std::snprintf(nullptr, 0, "%s", "seven!!");

int main(int argc, char** argv) {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  auto child = rt.spawn([](bulkhead::queue<int> to) { to.send(seven); }, q);
  const auto got = q.receive_for(std::chrono::seconds(20));
  const bool right = got == 7 && child.join().success() && argc == 2 && argv[1][0] == 'x';
  std::puts(right ? "initialised before main" : "wrong");
  return right ? 0 : 1;
}
