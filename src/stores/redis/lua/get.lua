return lives() and view()
