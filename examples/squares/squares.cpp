#include <bulkhead/bulkhead.hpp>
#include <iostream>

void square(bulkhead::queue<int> numbers, bulkhead::queue<int> squares) {
  numbers.transform(squares, [](int n) { return n * n; });
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<int> numbers{rt}, squares{rt};
  bulkhead::supervisor sup{rt};
  auto worker = sup.start({.name = "worker"}, square, numbers, squares);
  for (int n = 1; n <= 5; ++n) numbers.send(n);
  worker.kill();  // its successor goes on; nothing is lost, nothing comes twice
  for (int n = 1; n <= 5; ++n) std::cout << squares.receive() << '\n';
}
