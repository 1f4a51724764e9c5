// A child that crashes on one of its jobs: the next incarnation gets the same queues, and what its
// predecessor had taken.
#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <iostream>

void square(bulkhead::queue<int> in, bulkhead::queue<int> out) {
  for (auto& job : in.deliveries()) {
    if (*job == 3 && job.attempt() == 1) std::abort();
    job.forward(out, *job * *job);
  }
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt}, out{rt};
  bulkhead::supervisor sup{rt};
  const bulkhead::process child = sup.start({.name = "square"}, square, in, out);
  for (int n = 1; n <= 4; ++n) {
    in.send(n);
    std::cout << n << " squared is " << out.receive() << std::endl;
  }
  std::cout << "by incarnation " << child.incarnation() << std::endl;
}
// examples/supervision/supervision_child prints
//   1 squared is 1
//   2 squared is 4
//   3 squared is 9
//   4 squared is 16
//   by incarnation 2
