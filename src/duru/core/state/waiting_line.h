// WaitingLine: the workloads of one shape, in the order they go. An ordered set that
// also tells a place in the line in O(log n), so that "how many go before this one" costs nothing
// that grows with the queue.
//
//   line.insert(position);
//   line.places_before(position);   // how many are ahead
#pragma once

#include <algorithm>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include "duru/core/state/request.h"

namespace duru {

class WaitingLine {
  // GNU's order-statistics tree: it comes with libstdc++, which both of our compilers use.
  using Tree =
      __gnu_pbds::tree<QueuePosition, __gnu_pbds::null_type, std::less<QueuePosition>,
                       __gnu_pbds::rb_tree_tag, __gnu_pbds::tree_order_statistics_node_update>;

 public:
  using const_iterator = Tree::const_iterator;

  void insert(const QueuePosition& position) { tree_.insert(position); }
  void erase(const QueuePosition& position) { tree_.erase(position); }
  bool empty() const { return tree_.empty(); }
  std::size_t size() const { return tree_.size(); }
  std::size_t count(const QueuePosition& position) const {
    return tree_.find(position) == tree_.end() ? 0 : 1;
  }
  const_iterator begin() const { return tree_.begin(); }
  const_iterator end() const { return tree_.end(); }
  const_iterator lower_bound(const QueuePosition& position) const {
    return tree_.lower_bound(position);
  }
  const_iterator upper_bound(const QueuePosition& position) const {
    return tree_.upper_bound(position);
  }
  std::size_t places_before(const QueuePosition& position) const {
    return tree_.order_of_key(position);
  }
  bool operator==(const WaitingLine& other) const {
    return size() == other.size() && std::equal(begin(), end(), other.begin());
  }

 private:
  Tree tree_;
};

}  // namespace duru
