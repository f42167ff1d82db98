/** How many pictures of each arm a report shows: four of each class of the embedded model. */
export const SHOWN = 48;
