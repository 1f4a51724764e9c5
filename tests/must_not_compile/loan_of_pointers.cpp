// expect: can be filled in place
#include <bulkhead/bulkhead.hpp>

void lend(const bulkhead::queue<std::vector<std::string>>& q) { static_cast<void>(q.loan(3)); }
